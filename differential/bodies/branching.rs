//! `if`, `match`, `let … else`, chains, values of blocks.

async fn guards(seed: u64) -> Result<String> {
    let limit = add(seed, 2).await?;
    let first = match shape(seed).await? {
        Shape::Line(n) if n > limit => describe(&n).await?,
        Shape::Line(n) if n % 2 == 0 => format!("even {n}"),
        Shape::Line(n) => join("odd", &n.to_string()).await?,
        Shape::Area { w, h } if w > h => add(w, h).await?.to_string(),
        Shape::Area { w, .. } if w == 0 => "flat".to_string(),
        Shape::Area { w, h } => {
            tell("area").await;
            format!("{w} {h}")
        }
        Shape::Named(name) if name.len() > 2 => {
            tell("named").await;
            name
        }
        Shape::Named(name) => name + "!",
        Shape::Dot => String::new(),
    };
    let second = match (seed % 3, first.as_str()) {
        (0, "") => add(1, 1).await?,
        (0, text) if text.starts_with('<') => 2,
        (1 | 2, _) if limit > 10 => add(limit, 3).await?,
        (n @ 1..=2, _) => n,
        _ => add(4, 4).await?,
    };
    let third = match opt(second).await? {
        Some(n @ (1 | 2 | 4)) => add(n, 1).await?,
        Some(n) if is_small(n) => {
            let n = add(n, 1).await?;
            n
        }
        Some(n) => n,
        None => 0,
    };
    Ok(format!("{first} {second} {third} {limit}"))
}

fn is_small(n: u64) -> bool {
    n < 10
}

async fn nested_match(seed: u64) -> Result<String> {
    let tag = describe(&seed).await?;
    let text = match shape(seed).await? {
        Shape::Named(name) => match opt(seed + 1).await? {
            Some(n) => match is(n, 2).await? {
                true => join(&name, &tag).await?,
                false => {
                    let tag = tag.len();
                    tell(&name).await;
                    format!("{name} {tag} {n}")
                }
            },
            None => name,
        },
        Shape::Area { w, h } => match add(w, h).await? {
            0 => "zero".to_string(),
            sum if sum > w => {
                let rest = match list(sum % 3).await?.as_slice() {
                    [] => 0,
                    [only] => *only,
                    [first, .., last] => first + last,
                };
                tell("area").await;
                format!("{sum} {rest}")
            }
            _ => tag.clone(),
        },
        other => {
            tell("other").await;
            format!("{other:?}")
        }
    };
    Ok(format!("{text} {tag}"))
}

async fn payloads_live_on(seed: u64) -> Result<String> {
    let mut out = Vec::new();
    for i in 0..4 {
        match shape(seed + i).await? {
            Shape::Named(name) => {
                let a = consume(name.clone()).await?;
                let b = add(a, i).await?;
                tell(&name).await;
                out.push(format!("{name}{a}{b}"));
            }
            Shape::Area { w, mut h } => {
                h = add(h, 1).await?;
                h += w;
                tell("h").await;
                out.push(format!("{w}{h}"));
            }
            Shape::Line(mut n) => {
                for j in 0..2 {
                    n = add(n, j).await?;
                }
                out.push(n.to_string());
            }
            Shape::Dot if i > 1 => break,
            Shape::Dot => continue,
        }
        tell("next").await;
    }
    Ok(format!("{out:?}"))
}

async fn chains(seed: u64) -> Result<String> {
    let x = seed;
    let mut log = Vec::new();
    if let Some(n) = opt(x).await? && is(n, 2).await? && n > 3 {
        let m = add(n, 1).await?;
        log.push(m + n);
    } else {
        log.push(1);
    }
    if x > 2 && let Some(a) = opt(x + 1).await? && let Some(b) = opt(a + 1).await? {
        tell("both").await;
        log.push(a + b);
    }
    let glue = Some(x).filter(|n| n % 2 == 0);
    if let Some(half) = glue && half > 4 && let 0..=9 = half {
        let m = add(half, 2).await?;
        log.push(half + m);
    } else if let Some(half) = glue {
        log.push(half);
    } else if let Shape::Named(name) = shape(x).await? && name.len() > 1 {
        let n = consume(name).await?;
        log.push(n);
    }
    if let Some(n) = glue && n > 100 {
        log.push(0);
    }
    let v = if let Some(n) = glue && is(n, 4).await? { n } else { add(x, 1).await? };
    log.push(v);
    Ok(format!("{log:?}"))
}

async fn let_else(seed: u64) -> Result<String> {
    let Some(a) = opt(seed).await? else { return Ok("none".to_string()) };
    let Some(b) = Some(a).filter(|n| n % 5 != 0) else {
        let d = describe(&a).await?;
        return Ok(format!("five {d}"));
    };
    let Shape::Named(name) = shape(b).await? else {
        if is(b, 2).await? {
            return Ok(format!("even {a}"));
        }
        return Err(Error(format!("not named {b}")));
    };
    let mut out = Vec::new();
    for i in 0..5 {
        let Some(c) = opt(i + b).await? else { continue };
        let (1 | 2 | 4..) = c else {
            tell("break").await;
            break;
        };
        let d @ 0..=40: u64 = add(c, i).await? else { break };
        out.push(d);
    }
    let (Some(x), y) = (opt(b).await?, add(b, 1).await?) else { return Ok("odd".to_string()) };
    tell("end").await;
    Ok(format!("{a} {b} {name} {out:?} {x} {y}"))
}

async fn values_of_blocks(seed: u64) -> Result<String> {
    let a = {
        let b = add(seed, 1).await?;
        b + 1
    };
    let b = {
        tell("b").await;
        add(a, 1).await?
    };
    let c = if is(b, 2).await? { b } else { add(b, 1).await? };
    let d = if c > 10 { add(c, 1).await? } else if c > 5 { 5 } else { describe(&c).await?.len() as u64 };
    let unit = if d > 3 {
        tell("unit").await;
    };
    let e = match d % 3 {
        0 => add(d, 0).await?,
        1 => 1,
        _ => {
            if c > 4 {
                return Ok(format!("early {c} {d}"));
            }
            add(d, 2).await?
        }
    };
    let f = { { { add(e, 1).await? } } };
    let g = { let t = add(f, 1).await?; let u = add(t, 1).await?; (t, u) };
    let h = ({ add(g.0, 1).await? }, if f > 2 { add(g.1, 1).await? } else { 0 });
    let i = &{ add(h.0, h.1).await? };
    let i = *i;
    Ok(format!("{a} {b} {c} {d} {unit:?} {e} {f} {g:?} {h:?} {i}"))
}

async fn and_or(seed: u64) -> Result<String> {
    let a = is(seed, 2).await? && is(seed, 3).await?;
    let b = is(seed, 2).await? || is(seed, 3).await?;
    let c = seed > 5 && is(seed, 5).await? || seed == 3;
    let d = !(is(seed, 4).await? || seed == 1) && (a || is(seed, 7).await?);
    let mut log = Vec::new();
    if a && is(seed, 12).await? {
        log.push("twelve".to_string());
    }
    if a || is(seed, 5).await? {
        log.push("five".to_string());
    }
    if !is(seed, 5).await? && (b || is(seed, 9).await?) && seed != 8 {
        log.push("else".to_string());
    }
    let e = is(seed, 2).await? as u64 + 1;
    let f = (is(seed, 6).await? && c) as u64;
    let g = match is(seed, 2).await? || c {
        true => add(1, 2).await?,
        false => 0,
    };
    Ok(format!("{a} {b} {c} {d} {log:?} {e} {f} {g}"))
}

async fn inside_expressions(seed: u64) -> Result<String> {
    let a = Some(add(seed, 1).await?);
    let b = (add(seed, 1).await?, describe(&seed).await?, seed);
    let c = Record { count: add(b.0, 1).await?, label: describe(&b.0).await?, tags: vec![] };
    let d = Record { tags: list(2).await?, ..record(seed).await? };
    let e = Shape::Area { w: add(1, 2).await?, h: seed };
    let f = describe(&seed).await?.trim_matches('<').to_uppercase().len();
    let g = list(seed % 5).await?.iter().map(|n| n * 2).collect::<Vec<_>>();
    let h = [add(1, 1).await?, 5, add(2, 2).await?];
    let i = -(add(1, 1).await? as i64);
    let j = record(seed).await?.tags[1] + pair(seed).await?.0;
    let k = add(seed, 1).await? + add(seed, 2).await? * 2;
    let l = list(4).await?[1];
    let m = (add(seed, 3).await?).to_string() + "!";
    let n = describe(&seed).await?.len() > 3;
    let o = Ok::<u64, Error>(add(seed, 4).await?)?;
    let p = twice(seed + 1, 5).await??;
    let q = opt(seed).await?.unwrap_or(7);
    let r = Some((add(seed, 5).await?, Some(describe(&seed).await?)));
    let s = plain(seed).await;
    let t = plain(seed).await + 1;
    let u = checked(seed, 100).await.is_ok();
    let v = add(seed, 1).await.map(|n| n + 1)?;
    let w = &add(seed, 9).await?;
    let w = *w + 1;
    Ok(format!("{a:?}{b:?}{c:?}{d:?}{e:?}{f}{g:?}{h:?}{i}{j}{k}{l}{m}{n}{o}{p}{q}{r:?}{s}{t}{u}{v}{w}"))
}

async fn early_returns(seed: u64) -> Result<String> {
    let a = add(seed, 1).await?;
    if a % 7 == 0 {
        return describe(&a).await;
    }
    if a % 5 == 0 {
        return Ok(describe(&a).await? + "five");
    }
    if a % 11 == 0 {
        return match opt(a).await? {
            Some(n) => Ok(n.to_string()),
            None => Err(Error("eleven".to_string())),
        };
    }
    for i in 0..a % 4 {
        if is(i, 3).await? && i > 1 {
            return Ok(format!("three {i}"));
        }
        if i == 2 {
            return fail_on(i, 2).await.map(|n| n.to_string());
        }
    }
    let b = if a % 2 == 0 { return Ok("even".to_string()) } else { a + 1 };
    let c = match opt(b).await? {
        Some(c) => c,
        None => return Err(Error(format!("none {b}"))),
    };
    return join(&b.to_string(), &c.to_string()).await;
}

async fn tail_if(seed: u64) -> Result<String> {
    let a = add(seed, 1).await?;
    if a % 2 == 0 {
        describe(&a).await
    } else if a % 3 == 0 {
        Ok(describe(&a).await? + "3")
    } else {
        let b = add(a, 1).await?;
        match opt(b).await? {
            Some(n) if n > 10 => join("big", &n.to_string()).await,
            Some(n) => Ok(n.to_string()),
            None => {
                tell("none").await;
                Err(Error(format!("tail {b}")))
            }
        }
    }
}

async fn tail_block(seed: u64) -> Result<String> {
    'a: {
        if is(seed, 2).await? {
            break 'a Ok("even".to_string());
        }
        let n = fail_on(seed, 5).await?;
        if n % 3 == 0 {
            break 'a Err(Error("three".to_string()));
        }
        describe(&n).await
    }
}

async fn tail_call(seed: u64) -> Result<String> {
    let text = describe(&seed).await?;
    join(&text, &text).await
}

async fn tail_question_mark(seed: u64) -> Result<String> {
    let text = describe(&seed).await?;
    Ok(join(&text, "!").await?)
}

async fn only_glue(seed: u64) -> Result<String> {
    if seed % 2 == 0 {
        return Err(Error("even".to_string()));
    }
    Ok(seed.to_string())
}

async fn one_step(seed: u64) -> Result<String> {
    describe(&seed).await
}

async fn glue_between(seed: u64) -> Result<String> {
    const STEP: u64 = 3;
    fn double(n: u64) -> u64 {
        n * 2
    }
    let v = list(seed % 8).await?;
    let even: Vec<u64> = v.iter().copied().filter(|n| n % 2 == 0).collect();
    let add_up = |of: &[u64]| of.iter().sum::<u64>() + seed;
    let sum = add_up(&even) + double(STEP);
    let n = add(sum, STEP).await?;
    let map: std::collections::BTreeMap<u64, String> = v.iter().map(|n| (*n, format!("{n:>width$}", width = 3))).collect();
    let found = map.get(&1).cloned().unwrap_or_default();
    tell("map").await;
    let longest = map.values().map(String::len).max().unwrap_or(0);
    assert!(longest < 10, "{longest} {}", n);
    let texts = vec![found.clone(); 2];
    let matched = matches!(texts.first(), Some(text) if text.len() == longest);
    tell("texts").await;
    let (left, right): (Vec<u64>, Vec<u64>) = v.into_iter().partition(|n| *n < 3);
    let nested = |x: u64| move |y: u64| x + y;
    let n = nested(n)(1);
    let sum = { let n = n + 1; n + add(n, 1).await? };
    Ok(format!("{even:?} {n} {map:?} {found} {longest} {texts:?} {matched} {left:?} {right:?} {sum:>n$}", n = 4))
}
