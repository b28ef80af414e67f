//! `parallel!`.

async fn two(seed: u64) -> Result<String> {
    let x = add(seed, 1).await?;
    let name = describe(&x).await?;
    let (a, b) = parallel!(
        async {
            let p = add(x, 1).await?;
            let q = add(p, 1).await?;
            describe(&q).await
        },
        async {
            let mut t = 0;
            for i in 0..3 {
                t = add(t, i).await?;
            }
            Ok(t + x + name.len() as u64)
        },
    )?;
    Ok(format!("{a} {b} {name}"))
}

async fn one_three_five(seed: u64) -> Result<String> {
    let x = seed;
    let (one,) = parallel!(add(x, 1))?;
    let three = parallel!(describe(&x), add(x, one), async { Ok(x) })?;
    let (a, b, c, d, e) = parallel!(
        add(1, x),
        async {
            let list = list(x % 4).await?;
            total(&list).await
        },
        slow(x),
        async { join("a", "b").await },
        async {
            tell("e").await;
            Ok::<_, Error>(())
        },
    )?;
    parallel!(add(1, 1), add(2, 2))?;
    Ok(format!("{one} {three:?} {a} {b} {c} {d} {e:?}"))
}

async fn captures(seed: u64) -> Result<String> {
    let number = seed + 1;
    let text = describe(&number).await?;
    let numbers = list(number % 5).await?;
    let mut changing = record(number).await?;
    changing.count += 1;
    let option = Some(number);
    let (a, b, c) = parallel!(
        async {
            let joined = join(&text, "a").await?;
            let number = number + 1;
            let text = text.clone() + "!";
            let more = join(&text, &joined).await?;
            Ok(format!("{more}{number}{:?}", option))
        },
        async {
            let sum = total(&numbers).await?;
            let n = add(sum, changing.count).await?;
            let numbers: Vec<u64> = numbers.iter().map(|n| n * 2).collect();
            let again = total(&numbers).await?;
            let text = text.len() as u64;
            add(n, again + text).await
        },
        join(&text, &changing.label),
    )?;
    changing.tag(b);
    tell(&text).await;
    Ok(format!("{a} {b} {c} {changing:?} {numbers:?} {text} {option:?}"))
}

async fn captured_then_shadowed(seed: u64) -> Result<String> {
    let x = add(seed, 2).await?;
    let name = describe(&x).await?;
    let (a, b) = parallel!(
        async {
            let y = {
                let x = describe(&x).await?;
                let name = consume(x.clone()).await?;
                tell(&x).await;
                format!("{x}{name}")
            };
            let z = add(x, 1).await?;
            match shape(z).await? {
                Shape::Line(x) => {
                    let name = add(x, 1).await?;
                    tell("line").await;
                    Ok(format!("{x}{name}{y}"))
                }
                Shape::Named(name) => {
                    tell(&name).await;
                    Ok(format!("{name}{x}{y}"))
                }
                _ => Ok(format!("{name}{x}{y}")),
            }
        },
        async {
            let mut log = Vec::new();
            for x in 0..x % 3 {
                let name = add(x, 1).await?;
                log.push(name);
            }
            if let Some(x) = opt(x).await? {
                tell("x").await;
                log.push(x);
            }
            log.push(x);
            let x = name.len() as u64 + x;
            tell("x").await;
            let name = x;
            Ok((log, name))
        },
    )?;
    Ok(format!("{a} {b:?} {x} {name}"))
}

async fn in_loops(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    let mut sum = seed;
    for i in 0..3 {
        let (a, b) = parallel!(
            async {
                if is(i, 2).await? {
                    return add(i, sum).await;
                }
                Ok(7)
            },
            async {
                let mut k = 0;
                #[max(5)]
                while k < i {
                    k = add(k, 1).await?;
                }
                Ok(k)
            },
        )?;
        sum = add(a, b).await?;
        if sum % 5 == 0 {
            log.push("five".to_string());
            continue;
        }
        let c = parallel!(add(sum, 1), describe(&sum))?;
        log.push(format!("{c:?}"));
        if sum % 7 == 0 {
            break;
        }
    }
    Ok(format!("{sum} {log:?}"))
}

async fn loops_inside(seed: u64) -> Result<String> {
    let (a, b, c) = parallel!(
        async {
            let mut out = String::new();
            'outer: for i in 0..4 {
                for j in list(i).await? {
                    if is(j + seed, 3).await? {
                        continue 'outer;
                    }
                    if j + i + seed > 8 {
                        break 'outer;
                    }
                    let d = describe(&j).await?;
                    out += &d;
                }
                out.push(';');
            }
            Ok(out)
        },
        async {
            let mut k = seed;
            #[max(30)]
            loop {
                k = add(k, 3).await?;
                if is(k, 5).await? {
                    break Ok(k);
                }
            }
        },
        async {
            let found = 'a: {
                if is(seed, 2).await? {
                    break 'a 2;
                }
                add(seed, 1).await?
            };
            let Some(found) = opt(found).await? else { return Ok(0) };
            add(found, 1).await
        },
    )?;
    Ok(format!("{a} {b} {c}"))
}

async fn nested(seed: u64) -> Result<String> {
    let x = add(seed, 1).await?;
    let name = describe(&x).await?;
    let (a, (b, c)) = parallel!(
        async {
            let y = add(x, 1).await?;
            let (p, q) = parallel!(
                async {
                    let z = add(y, x).await?;
                    let (r, s) = parallel!(add(z, y), join(&name, "deep"))?;
                    Ok(format!("{r}{s}{z}"))
                },
                async {
                    let name = format!("{name}{y}");
                    consume(name).await
                },
            )?;
            tell(&p).await;
            let (t, u) = parallel!(add(q, 1), async { Ok(p.len() as u64 + q) })?;
            Ok(format!("{p} {q} {t} {u} {y}"))
        },
        async { parallel!(add(x, 10), slow(x)) },
    )?;
    Ok(format!("{a} {b} {c} {name}"))
}

async fn results_as_values(seed: u64) -> Result<String> {
    // cancels
    let x = seed + 1;
    let all = parallel!(fail_on(x, 3), add(x, 1));
    tell("all").await;
    let text = match all {
        Ok((a, b)) => format!("{a} {b}"),
        Err(Error(text)) => {
            tell(&text).await;
            text
        }
    };
    let pair = (parallel!(add(x, 2), add(x, 3))?, seed);
    let sum = parallel!(add(x, 4), add(x, 5))?.0 + 1;
    let mut kept = (0, 0);
    kept = parallel!(add(x, 6), add(x, 7))?;
    tell("kept").await;
    (kept.1, kept.0) = parallel!(add(x, 8), add(x, 9))?;
    let either = if x % 2 == 0 { parallel!(add(x, 1), add(x, 2))? } else { (0, add(x, 2).await?) };
    if let Ok((a, _)) = parallel!(fail_on(x, 2), describe(&x)) {
        tell("if let").await;
        return Ok(format!("even {a} {pair:?}"));
    }
    Ok(format!("{text} {pair:?} {sum} {kept:?} {either:?}"))
}

async fn in_tail_position(seed: u64) -> Result<String> {
    let x = add(seed, 1).await?;
    if x % 3 == 0 {
        return parallel!(describe(&x), describe(&seed)).map(|(a, b)| a + &b);
    }
    if x % 3 == 1 {
        let both = parallel!(async { join("a", "b").await }, async { fail_on(x, 5).await })?;
        return Ok(format!("{both:?}"));
    }
    Ok(parallel!(describe(&x), describe(&seed))?.0)
}

async fn failing_branch(seed: u64) -> Result<String> {
    // cancels
    let x = add(seed, 1).await?;
    let (a, b) = parallel!(
        async {
            let mut n = x;
            for i in 0..4 {
                n = add(n, i).await?;
            }
            Ok(n)
        },
        async {
            let n = fail_on(x, 4).await?;
            let n = checked(n, 12).await?;
            ensure(n != 9).await?;
            if n == 6 {
                return Err(Error("six".to_string()));
            }
            describe(&n).await
        },
    )?;
    let (c, d) = parallel!(checked(x, 10), slow(a))?;
    Ok(format!("{a} {b} {c} {d}"))
}

async fn failing_first(seed: u64) -> Result<String> {
    // cancels
    let log = parallel!(
        async {
            let a = slow(seed).await?;
            fail_on(a, 2).await
        },
        async {
            let mut k = 0;
            #[max(9)]
            while k < 5 {
                k = slow(k).await?;
            }
            Ok(k)
        },
    );
    match log {
        Ok(log) => Ok(format!("{log:?}")),
        Err(error) if seed % 4 == 1 => Err(error),
        Err(error) => {
            let text = describe(&seed).await?;
            Ok(text + &error.0)
        }
    }
}

async fn handled_inside(seed: u64) -> Result<String> {
    let (a, b) = parallel!(
        async {
            match fail_on(seed, 2).await {
                Ok(n) => Ok(n),
                Err(_) => add(seed, 1).await,
            }
        },
        async {
            let result = parallel!(fail_on(seed, 3), add(seed, 1));
            tell("inside").await;
            Ok::<String, Error>(format!("{result:?}"))
        },
    )?;
    Ok(format!("{a} {b}"))
}

async fn branches_of_glue(seed: u64) -> Result<String> {
    let name = describe(&seed).await?;
    let (a, b, c) = parallel!(
        async { Ok(seed * 2) },
        async {
            let upper = name.to_uppercase();
            let n = upper.len();
            Ok(format!("{upper}{n}"))
        },
        async { if seed % 9 == 8 { Err(Error("eight".to_string())) } else { Ok([seed; 2]) } },
    )?;
    Ok(format!("{a} {b} {c:?}"))
}
