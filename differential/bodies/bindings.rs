//! Shadowing, moving, assigning, destructuring.

async fn same_scope(seed: u64) -> Result<String> {
    let x = seed + 1;
    let x = describe(&x).await?;
    let x = format!("{x}{x}");
    let x = consume(x).await?;
    let x = (x, add(x, 1).await?);
    let (x, y) = x;
    let y = list(y % 5).await?;
    let x = y.len() as u64 + x;
    let y = total(&y).await? + x;
    Ok(format!("{x} {y}"))
}

async fn inner_scopes(seed: u64) -> Result<String> {
    let x = seed + 1;
    let name = describe(&x).await?;
    let inner = {
        let x = format!("inner {x}");
        let n = consume(x.clone()).await?;
        let name = join(&x, &name).await?;
        {
            let x = n + 1;
            let name = (name.clone(), x);
            tell("deep").await;
            format!("{name:?} {x}")
        }
    };
    let again = {
        let x = x;
        let x = add(x, 5).await?;
        x * 2
    };
    {
        let x = "gone";
        tell(x).await;
    }
    {
        let name = add(x, again).await?;
        tell("also gone").await;
        let _ = name;
    }
    let after = describe(&x).await?;
    Ok(format!("{x} {name} {inner} {again} {after}"))
}

async fn in_match_arms(seed: u64) -> Result<String> {
    let x = seed;
    let name = describe(&seed).await?;
    let found = match shape(x).await? {
        Shape::Dot => {
            let x = "dot".to_string();
            let name = consume(x.clone()).await?;
            format!("{x}{name}")
        }
        Shape::Line(x) => {
            let name = add(x, 1).await?;
            let x = describe(&x).await?;
            format!("{x}{name}")
        }
        Shape::Area { w: x, h: name } => {
            tell("area").await;
            format!("{x}x{name}")
        }
        Shape::Named(name) => {
            let length = consume(name.clone()).await?;
            format!("{name}{length}{x}")
        }
    };
    let label = match x % 3 {
        0 => add(x, 1).await?.to_string(),
        x => {
            let x = x + 1;
            let x = add(x, 1).await?;
            x.to_string()
        }
    };
    Ok(format!("{x} {name} {found} {label}"))
}

async fn in_if_let(seed: u64) -> Result<String> {
    let x = seed;
    let mut log = Vec::new();
    if let Some(x) = opt(x).await? {
        let y = add(x, 1).await?;
        log.push(y);
        let x = describe(&y).await?;
        log.push(x.len() as u64);
    } else {
        let x = add(x, 7).await?;
        log.push(x);
    }
    let maybe = opt(x + 1).await?;
    if let Some(maybe) = maybe {
        let seen = add(maybe, 1).await?;
        log.push(seen + maybe);
    }
    if let Some(x) = maybe {
        log.push(x);
        tell("x").await;
        log.push(x);
    }
    let Some(x) = opt(x + 2).await? else {
        let x = describe(&x).await?;
        return Ok(format!("else {x} {maybe:?} {log:?}"));
    };
    tell("then").await;
    Ok(format!("{x} {maybe:?} {log:?}"))
}

async fn in_loops(seed: u64) -> Result<String> {
    let x = seed % 6;
    let log = Vec::new();
    let mut log = log;
    for x in 0..x {
        let y = add(x, 1).await?;
        let x = describe(&y).await?;
        let n = consume(x.clone()).await?;
        log.push(format!("{x}{n}"));
        for x in 0..n % 3 {
            let log_too = add(x, n).await?;
            log.push(log_too.to_string());
        }
        log.push(x);
    }
    let mut k = 0;
    #[max(9)]
    while let Some(x) = below(k, x).await? {
        let k_before = k;
        let k_shadow = {
            let k = add(x, k_before).await?;
            tell("k").await;
            k
        };
        k += 1;
        log.push(format!("{x} {k_shadow}"));
    }
    #[max(5)]
    loop {
        let x = add(x, k).await?;
        let k_old = k;
        k += x + 1;
        let k = describe(&k_old).await?;
        log.push(k);
        if x > 0 {
            break;
        }
    }
    Ok(format!("{x} {k} {log:?}"))
}

async fn shadowed_by_pattern(seed: u64) -> Result<String> {
    let (a, b) = pair(seed).await?;
    let (b, a) = (a, b);
    let Record { count: a2, label, tags } = record(b).await?;
    let Record { count, label: b2, tags: tags2 } = record(a2 + 1).await?;
    let [x, y] = [add(count, 1).await?, add(count, 2).await?];
    let (x, [y, z]) = (y, [x, add(x, y).await?]);
    let label = (label.clone(), label);
    let (label, _) = label;
    tell("patterns").await;
    let whole @ (first, _) = (z, x);
    let _ = add(first, 1).await?;
    let (mut p, q) = (first, add(z, 1).await?);
    p += q;
    Ok(format!("{a} {b} {label} {tags:?} {b2} {tags2:?} {x} {y} {z} {whole:?} {p}"))
}

async fn moves(seed: u64) -> Result<String> {
    let mut d = describe(&seed).await?;
    let mut n = consume(d).await?;
    d = describe(&n).await?;
    tell(&d).await;
    if n > 3 {
        n += consume(d).await?;
        d = join("a", "b").await?;
    } else {
        n += 1;
    }
    let kept = d.clone();
    if seed % 2 == 0 {
        n += consume(d).await?;
    } else {
        drop(d);
        n = add(n, 1).await?;
    }
    d = describe(&n).await?;
    let e = d;
    tell(&e).await;
    d = e.clone() + "!";
    Ok(format!("{d} {e} {kept} {n}"))
}

async fn one_branch_only(seed: u64) -> Result<String> {
    let mut x = seed;
    let mut s = "start".to_string();
    let mut v = vec![1, 2, 3];
    if is(seed, 2).await? {
        x = add(x, 10).await?;
    }
    tell("one").await;
    if is(seed, 3).await? {
        s = describe(&x).await?;
    } else if is(seed, 5).await? {
        v = list(3).await?;
    }
    tell("two").await;
    match opt(seed).await? {
        Some(found) if found > 5 => x = found,
        Some(_) => s.push('?'),
        None => v[1] += 5,
    }
    tell("three").await;
    for i in 0..2 {
        if is(i + seed, 2).await? {
            v.push(i);
        }
        tell("four").await;
    }
    Ok(format!("{x} {s} {v:?}"))
}

async fn fields_and_indices(seed: u64) -> Result<String> {
    let mut r = record(seed).await?;
    r.count = add(r.count, 3).await?;
    tell("count").await;
    r.label = describe(&r.count).await?;
    tell("label").await;
    r.tags[1] = add(r.tags[0], 40).await?;
    tell("tags").await;
    let mut t = pair(seed).await?;
    t.0 = add(t.0, 1).await?;
    t.1 = join(&t.1, "+").await?;
    tell("tuple").await;
    let mut nested = vec![vec![1, 2], vec![3]];
    let i = (seed % 2) as usize;
    nested[i][0] = add(nested[i][0], 9).await?;
    tell("nested").await;
    (t.0, r.count) = (r.count, t.0);
    tell("swapped").await;
    let (mut a, mut b) = (0, 0);
    (a, b) = (add(seed, 1).await?, add(seed, 2).await?);
    (a, b) = (b, a);
    tell("a b").await;
    [a, b] = [add(a, b).await?, a];
    Ok(format!("{r:?} {t:?} {nested:?} {a} {b}"))
}

async fn compound(seed: u64) -> Result<String> {
    let mut x = seed + 1;
    x += add(seed, 1).await?;
    tell("x").await;
    x *= add(2, 0).await? + 1;
    tell("x").await;
    let mut r = record(seed).await?;
    r.count += add(1, 1).await?;
    r.label += &describe(&x).await?;
    tell("r").await;
    r.tags[0] ^= 3;
    r.tag(x).tag(7);
    tell("r").await;
    x -= 1;
    x %= 17;
    tell("x").await;
    let mut v = list(4).await?;
    v[(x % 4) as usize] += add(x, 0).await?;
    v.retain(|n| n % 2 == 0 || *n > 5);
    tell("v").await;
    v.iter_mut().for_each(|n| *n += 1);
    tell("v").await;
    for n in &mut v {
        *n *= 2;
    }
    tell("v").await;
    let slot = &mut v;
    slot.push(9);
    tell("slot").await;
    if let Some(last) = v.last_mut() {
        *last += 1;
    }
    tell("last").await;
    std::mem::swap(&mut x, &mut r.count);
    tell("swapped").await;
    let mut boxed = Box::new(seed);
    tell("boxed").await;
    *boxed += 1;
    tell("boxed").await;
    *boxed = *boxed * 2 + x;
    tell("boxed").await;
    let changed = matches!((&mut x, std::mem::replace(&mut *boxed, 77)), (y, n) if n > *y);
    tell("replaced").await;
    Record { count: x, label: _, tags: v } = Record { count: 5, label: "l".to_string(), tags: vec![*boxed] };
    tell("struct").await;
    let taken = std::mem::take(&mut r.label);
    tell("taken").await;
    Ok(format!("{x} {r:?} {v:?} {taken} {boxed} {changed}"))
}

async fn mutated_by_glue(seed: u64) -> Result<String> {
    let mut v = Vec::new();
    let mut text = String::new();
    let mut option = Some(seed);
    tell("start").await;
    let mut put = |n: u64| v.push(n);
    put(1);
    put(seed);
    tell("closure").await;
    let popped = option.take();
    tell("take").await;
    use std::fmt::Write as _;
    write!(text, "{v:?} {popped:?}").ok();
    tell("write").await;
    if v.len() > 1 {
        v.clear();
    }
    tell("clear").await;
    match &mut option {
        Some(n) => *n += 1,
        empty => *empty = Some(4),
    }
    tell("match").await;
    let Some(inside) = option.as_mut() else { return Ok("none".to_string()) };
    *inside += 1;
    tell("inside").await;
    if let Some(ref mut n) = option {
        *n += 1;
    }
    tell("ref mut").await;
    Ok(format!("{v:?} {text} {option:?}"))
}

async fn many_of_one_name(seed: u64) -> Result<String> {
    let x = add(seed, 1).await?;
    let a = {
        let x = describe(&x).await?;
        let b = {
            let x = pair(x.len() as u64).await?;
            let c = {
                let x = list(x.0 % 4).await?;
                tell("deepest").await;
                x.len() as u64
            };
            tell("out one").await;
            x.0 + c
        };
        tell("out two").await;
        format!("{x}{b}")
    };
    tell("out three").await;
    let text = format!("{x} {a}");
    let x = text;
    Ok(x)
}
