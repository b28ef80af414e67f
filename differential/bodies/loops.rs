//! Loops.

async fn nested_labelled(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    let x = add(seed, 1).await?;
    let x = x * 2;
    let items = list(x % 7).await?;
    'outer: for item in items {
        let y = add(item, x).await?;
        if y % 5 == 0 {
            continue;
        }
        let mut k = 0;
        #[max(3)]
        while k < 3 {
            let z = add(y, k).await?;
            k += 1;
            if z > 14 && z % 4 == 1 {
                break 'outer;
            }
            if z % 2 == 0 {
                continue;
            }
            if z % 7 == 0 {
                continue 'outer;
            }
            match opt(z).await? {
                Some(v) if v > 10 => {
                    log.push(format!("big {v}"));
                    break;
                }
                Some(v) => {
                    let s = describe(&v).await?;
                    log.push(s);
                }
                None => {
                    log.push(format!("none at {z}"));
                }
            }
        }
        log.push(format!("done {item} {k}"));
    }
    Ok(format!("{log:?}"))
}

async fn ranges(seed: u64) -> Result<String> {
    let mut sum = 0;
    for i in 0..seed % 4 {
        sum = add(sum, i).await?;
    }
    for i in 2..=4 {
        sum = add(sum, i).await?;
        for j in i..=seed % 6 {
            sum += 1;
            if is(j, 3).await? {
                break;
            }
        }
    }
    for i in (0..3).rev() {
        let d = describe(&i).await?;
        sum += d.len() as u64;
    }
    for (i, tag) in record(seed).await?.tags.into_iter().enumerate() {
        sum = add(sum, tag * i as u64).await?;
    }
    for _ in 0..2 {
        tell("round").await;
    }
    for c in "abc".chars().map(|c| c.to_string()).collect::<Vec<_>>() {
        sum += consume(c).await?;
    }
    for i in (5..9).step_by(2).filter(|n| n % 2 == 1) {
        sum = add(sum, i).await?;
    }
    Ok(sum.to_string())
}

async fn inclusive_of_variables(seed: u64) -> Result<String> {
    let (low, high) = (seed % 3, seed % 5);
    let mut seen = String::new();
    for n in low..=high {
        let text = describe(&n).await?;
        seen += &text;
    }
    for n in low..high {
        let text = describe(&n).await?;
        seen.push_str(&text);
    }
    for pair in vec![(low, "a".to_string()), (high, "b".to_string())] {
        let (n, name) = pair;
        seen = join(&seen, &name).await?;
        seen = format!("{seen}{n}");
    }
    Ok(seen)
}

async fn while_lets(seed: u64) -> Result<String> {
    let mut k = 0;
    let mut log = vec![seed];
    #[max(9)]
    while let Some(x) = below(k, seed % 5).await? {
        k += 1;
        if x == 1 {
            continue;
        }
        let y = add(x, 10).await?;
        log.push(y);
    }
    #[max(20)]
    while let Some(last) = log.pop() {
        k = add(k, last).await?;
        if k > 500 {
            break;
        }
    }
    let mut stack = vec![Some(3), None, Some(seed % 4)];
    #[max(9)]
    while let Some(Some(n)) = stack.pop() {
        k = add(k, n).await?;
    }
    #[max(30)]
    while is(k, 4).await? || k % 3 == 0 {
        k = add(k, 1).await?;
    }
    Ok(format!("{k} {}", stack.len()))
}

async fn loop_values(seed: u64) -> Result<String> {
    let mut n = seed % 10;
    let found =
        #[max(20)]
        loop {
            n += 1;
            let y = add(n, seed).await?;
            if y % 4 == 0 {
                break y;
            }
            if is(n, 7).await? {
                break n * 100;
            }
        };
    let word = 'word: {
        if found > 100 {
            break 'word "hundreds".to_string();
        }
        let d = describe(&found).await?;
        if d.len() > 3 {
            break 'word d;
        }
        join(&d, "!").await?
    };
    let unit = 'unit: {
        if found % 3 == 0 {
            break 'unit;
        }
        n = add(n, 1).await?;
    };
    let last =
        #[max(40)]
        'a: loop {
            #[max(40)]
            loop {
                n += 1;
                if n % 5 == 0 {
                    break;
                }
                if is(n, 11).await? {
                    break 'a (n, word.clone());
                }
            }
            n = add(n, 2).await?;
        };
    Ok(format!("{found} {word} {unit:?} {last:?}"))
}

async fn in_tail_position(seed: u64) -> Result<String> {
    let mut n = seed;
    #[max(30)]
    loop {
        n = add(n, 3).await?;
        if is(n, 5).await? {
            break Ok(format!("five {n}"));
        }
        if n % 7 == 0 {
            break describe(&n).await;
        }
        if n % 11 == 0 {
            return Err(Error(format!("eleven {n}")));
        }
    }
}

async fn moved_in_a_loop(seed: u64) -> Result<String> {
    let mut draft = describe(&seed).await?;
    let mut total = 0;
    for i in 0..3 {
        let next = join(&draft, "+").await?;
        total += consume(draft).await?;
        draft = next;
        if i == 1 {
            let tail = draft.clone();
            total += consume(tail).await?;
            continue;
        }
        draft = same(draft).await?;
    }
    let mut d = describe(&total).await?;
    total += consume(d).await?;
    d = describe(&seed).await?;
    Ok(format!("{d} {draft} {total}"))
}

async fn glue_loops(seed: u64) -> Result<String> {
    let n = add(seed, 2).await?;
    let mut v = Vec::new();
    for i in 0..n % 6 {
        if i == 2 {
            continue;
        }
        v.push(i);
    }
    let mut k = n;
    while k > 3 {
        k /= 2;
    }
    let found = loop {
        k += 1;
        if k % 4 == 0 {
            break k;
        }
    };
    'rounds: for i in 0..4 {
        for j in v.clone() {
            if j == i && i == seed % 4 {
                continue 'rounds;
            }
            if j > 3 {
                break 'rounds;
            }
        }
        k = add(k, i).await?;
    }
    Ok(format!("{v:?} {k} {found}"))
}

async fn loop_that_never_comes_back(seed: u64) -> Result<String> {
    let n = add(seed, 1).await?;
    #[max(2)]
    loop {
        let m = add(n, 1).await?;
        if m % 2 == 0 {
            return describe(&m).await;
        }
        break;
    }
    for i in 0..n {
        let d = describe(&i).await?;
        return Ok(d);
    }
    Ok("none".to_string())
}

async fn borrows_between_points(seed: u64) -> Result<String> {
    let v = list(seed % 6).await?;
    let other = "other".to_string();
    let names: Vec<String> = v.iter().map(|n| format!("{n:>width$}", width = *n as usize)).collect();
    let mut log = Vec::new();
    for k in 0..5u64 {
        let Some(name) = names.get(k as usize) else { continue };
        let y = match v.get(k as usize + 1) {
            Some(y) => y,
            None => continue,
        };
        let longest = if name.len() > 3 { name } else { &other };
        let n = *y + longest.len() as u64;
        let n = add(n, 1).await?;
        let Some(z) = v.iter().find(|n| **n == k) else { break };
        for w in &v {
            if w == z {
                break;
            }
            log.push(*w);
        }
        if let Some(w) = v.get(1) {
            if *w == n {
                continue;
            }
            log.push(*w);
        }
        match &names[0][..] {
            "1" => continue,
            text if text.len() > 2 => log.push(n),
            _ => {}
        }
        tell("end").await;
    }
    Ok(format!("{log:?} {names:?}"))
}

async fn glue_loops_that_leave(seed: u64) -> Result<String> {
    let v = list(seed % 6).await?;
    let mut log = Vec::new();
    'all: {
        'rounds: for i in 0..5u64 {
            let i = add(i, seed).await?;
            for j in &v {
                let i = i % 7;
                if *j == i {
                    continue 'rounds;
                }
                if i == 5 && *j > 2 {
                    break 'rounds;
                }
                if i == 6 && *j > 1 {
                    return Ok("six".to_string());
                }
                if i == 3 && *j > 1 {
                    break 'all;
                }
                if i == 4 {
                    break;
                }
                log.push(*j);
            }
            let mut it = v.iter();
            while let Some(n) = it.next() {
                if *n > 3 {
                    continue 'rounds;
                }
            }
            log.push(i);
        }
        tell("all").await;
    }
    tell("end").await;
    Ok(format!("{log:?}"))
}

async fn branches_of_glue_that_leave_while_they_borrow(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    let v = list(seed % 6).await?;
    'rounds: for i in 0..6 {
        let n = add(i, seed % 3).await?;
        if let Some(w) = v.get(n as usize % 4) {
            if n % 2 == 0 {
                log.push(100 + n);
            } else if n % 5 == 3 {
                continue;
            } else if n == 7 {
                break 'rounds;
            }
            log.push(*w);
        }
        match v.first() {
            Some(first) if *first == n => log.push(200),
            Some(first) => {
                for other in &v {
                    if other == first {
                        continue;
                    }
                    if *other > n {
                        continue 'rounds;
                    }
                }
                log.push(300 + *first);
            }
            None if i == 4 => break,
            None => {}
        }
        tell("round").await;
    }
    Ok(format!("{log:?}"))
}
