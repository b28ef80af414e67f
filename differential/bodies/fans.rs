//! `parallel!(for …)`, `settle!`, `race!`.

async fn fan_of_glue_and_steps(seed: u64) -> Result<String> {
    let xs: Vec<u64> = (0..seed % 5).collect();
    let name = describe(&seed).await?;
    let doubled = parallel!(for x in xs.clone() { add(x, x).await }, limit = 2)?;
    let named = parallel!(for (i, x) in xs.into_iter().enumerate() {
        let y = add(x, i as u64).await?;
        let text = describe(&y).await?;
        Ok(format!("{name}{text}"))
    })?;
    let none = parallel!(for x in Vec::<u64>::new() { add(x, 1).await })?;
    Ok(format!("{doubled:?} {named:?} {none:?} {name}"))
}

async fn fan_in_a_loop(seed: u64) -> Result<String> {
    let mut all = Vec::new();
    for round in 0..3u64 {
        let items: Vec<u64> = (0..round + seed % 2).collect();
        let mut sums = parallel!(for i in items {
            let mut k = i;
            for j in 0..2u64 {
                k = add(k, j + round).await?;
            }
            if is(k, 2).await? {
                return Ok(k);
            }
            add(k, 100).await
        }, limit = 3)?;
        all.append(&mut sums);
    }
    let sum = total(&all).await?;
    Ok(format!("{all:?} {sum}"))
}

async fn fan_with_pauses(seed: u64) -> Result<String> {
    let xs = vec![seed, seed + 1, seed + 2];
    let answers = parallel!(for x in xs {
        let n = pause(ask_number(x)).await;
        let text = describe(&n).await?;
        let reply = pause(ask_text(&text)).await;
        Ok(format!("{x}{reply}"))
    })?;
    let last = pause(ask_number(seed)).await;
    Ok(format!("{answers:?} {last}"))
}

async fn fans_in_fans(seed: u64) -> Result<String> {
    let grid = parallel!(for x in vec![seed, seed + 1] {
        let row = parallel!(for y in vec![1u64, 2, 3] {
            let z = add(x, y).await?;
            Ok((z, y))
        }, limit = 2)?;
        let (a, b) = parallel!(add(row[0].0, 1), describe(&x))?;
        Ok(format!("{row:?} {a} {b}"))
    }, limit = 1)?;
    Ok(format!("{grid:?}"))
}

async fn fan_that_fails(seed: u64) -> Result<String> {
    // cancels
    let xs: Vec<u64> = (0..4).map(|i| i + seed).collect();
    let all = parallel!(for x in xs {
        let y = slow(x).await?;
        fail_on(y, 5).await
    }, limit = 2);
    tell("all").await;
    match all {
        Ok(all) => Ok(format!("{all:?}")),
        Err(error) if seed % 2 == 0 => Err(error),
        Err(error) => Ok(pause(ask_text(&error.0)).await),
    }
}

async fn settled_fan(seed: u64) -> Result<String> {
    let xs: Vec<u64> = (0..5).map(|i| i + seed).collect();
    let all = settle!(for x in xs.clone() {
        let y = fail_on(x, 2).await?;
        checked(y, 9).await?;
        Ok(y + 1)
    });
    let again = settle!(for (i, x) in xs.into_iter().enumerate() {
        let n = pause(ask_number(i as u64)).await;
        if n % 3 == 0 {
            return Err(Error(format!("third {x}")));
        }
        add(n, x).await
    }, limit = 2);
    Ok(format!("{all:?} {again:?}"))
}

async fn settled_branches(seed: u64) -> Result<String> {
    let name = describe(&seed).await?;
    let (a, b, c) = settle!(
        checked(seed, 7),
        fail_on(seed, 3),
        async {
            let n = fail_on(seed, 2).await?;
            let n = pause(ask_number(n)).await;
            ensure(n > 4).await?;
            Ok(format!("{name}{n}"))
        },
    );
    tell("settled").await;
    let d = a.unwrap_or(50);
    Ok(format!("{b:?} {c:?} {d}"))
}

async fn settle_in_parallel_in_settle(seed: u64) -> Result<String> {
    let (a, b) = settle!(
        async {
            let (p, q) = parallel!(
                async {
                    let both = settle!(fail_on(seed, 2), fail_on(seed + 1, 2));
                    tell("both").await;
                    Ok(format!("{both:?}"))
                },
                add(seed, 1),
            )?;
            Ok(format!("{p} {q}"))
        },
        async {
            let list = settle!(for i in 0..seed % 4 { fail_on(i, 2).await });
            let failed = list.iter().filter(|result| result.is_err()).count() as u64;
            add(failed, 10).await
        },
    );
    Ok(format!("{a:?} {b:?}"))
}

async fn race_of_timers(seed: u64) -> Result<String> {
    let won = race!(
        async {
            sleep(seconds(10)).await;
            add(seed, 1).await
        },
        async {
            sleep(seconds(5 + seed % 3 * 10)).await;
            let n = fail_on(seed, 4).await?;
            add(n, 2).await
        },
    )?;
    let text = describe(&won).await?;
    Ok(text)
}

async fn race_with_a_withdrawn_pause(seed: u64) -> Result<String> {
    let n = race!(
        async { Ok(pause(ask_maybe(seed)).await) },
        async {
            sleep(seconds(300)).await;
            Ok(77)
        },
    )?;
    let m = pause(ask_number(n)).await;
    let k = add(n, m).await?;
    Ok(format!("{n} {m} {k}"))
}

async fn races_in_a_loop(seed: u64) -> Result<String> {
    let mut out = Vec::new();
    for i in 0..3u64 {
        let n = race!(
            async {
                let n = pause(ask_maybe(seed + i)).await;
                let text = pause(ask_text(&n.to_string())).await;
                consume(text).await
            },
            async {
                sleep(seconds(100)).await;
                let m = add(i, 500).await?;
                Ok(m)
            },
            async {
                sleep(seconds(200)).await;
                Ok(pause(ask_number(3)).await)
            },
        )?;
        out.push(n);
    }
    Ok(format!("{out:?}"))
}

async fn race_of_children_and_forks(seed: u64) -> Result<String> {
    let n = race!(
        patient(seed),
        async {
            let (a, b) = parallel!(
                async {
                    sleep(seconds(22)).await;
                    add(seed, 1).await
                },
                async { Ok(pause(ask_maybe(seed)).timeout(seconds(10)).await.unwrap_or(5)) },
            )?;
            Ok(a + b)
        },
        async {
            let list = parallel!(for i in vec![3u64, 4] {
                sleep(seconds(i * (seed % 9 + 1) * 3)).await;
                add(i, 1).await
            })?;
            total(&list).await
        },
    )?;
    Ok(format!("{n}"))
}

async fn patient(n: u64) -> Result<u64> {
    sleep(seconds(14)).await;
    let m = add(n, 1).await?;
    Ok(pause(ask_maybe(m * 2)).await)
}

async fn race_that_fails(seed: u64) -> Result<String> {
    let first = race!(
        async {
            sleep(seconds(5)).await;
            fail_on(seed, 2).await
        },
        async {
            sleep(seconds(50)).await;
            add(seed, 1).await
        },
    );
    let text = match first {
        Ok(n) => describe(&n).await?,
        Err(error) => error.0,
    };
    Ok(pause(ask_text(&text)).await)
}

async fn race_with_an_async_tail(seed: u64) -> Result<String> {
    if seed % 2 == 0 {
        return race!(
            describe(&seed),
            async {
                sleep(seconds(9)).await;
                Ok("late".to_string())
            },
        );
    }
    race!(
        async {
            sleep(seconds(9)).await;
            Ok("late".to_string())
        },
        async {
            let n = pause(ask_maybe(seed + 1)).await;
            describe(&n).await
        },
    )
}
