//! Workflows in workflows.

async fn small(n: u64) -> Result<u64> {
    let a = add(n, 1).await?;
    let b = pause(ask_number(a)).await;
    add(a, b).await
}

async fn glue_only(n: u64) -> Result<u64> {
    Ok(n * 3)
}

async fn failing(n: u64) -> Result<u64> {
    let a = add(n, 1).await?;
    let b = fail_on(a, 3).await?;
    Ok(b + 1)
}

async fn forked(n: u64) -> Result<String> {
    let (a, b) = parallel!(small(n), async {
        let c = small(n + 1).await?;
        let d = glue_only(c).await?;
        add(d, c).await
    })?;
    let list = parallel!(for i in vec![a, b] { small(i).await }, limit = 1)?;
    Ok(format!("{a} {b} {list:?}"))
}

async fn fact(n: u64) -> Result<u64> {
    // recurses
    if n == 0 {
        return Ok(1);
    }
    let below = fact(n - 1).await?;
    let d = add(n, 0).await?;
    Ok(below * d % 1009)
}

async fn tree(n: u64) -> Result<u64> {
    // recurses
    if n < 2 {
        sleep(seconds(n + 2)).await;
        return add(n, 1).await;
    }
    let (a, b) = parallel!(tree(n - 1), tree(n - 2))?;
    let c = pause(ask_number(a)).await;
    Ok((a + b + c) % 101)
}

async fn twice_the_same(seed: u64) -> Result<String> {
    let a = small(seed).await?;
    let b = small(a).await?;
    let c = small(seed).await? + glue_only(b).await?;
    let (d, e) = (small(1).await?, small(2).await?);
    Ok(format!("{a} {b} {c} {d} {e}"))
}

async fn in_every_place(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    for i in 0..2 {
        let n = small(seed + i).await?;
        log.push(n);
        if small(n).await? % 2 == 0 {
            log.push(7);
        }
    }
    match small(seed).await? {
        0..10 => log.push(1),
        n => {
            let text = forked(n).await?;
            log.push(text.len() as u64);
        }
    }
    small(log.len() as u64).await.map(|n| format!("{log:?} {n}"))
}

async fn nested_forks(seed: u64) -> Result<String> {
    let (a, b) = parallel!(forked(seed), async { forked(seed + 1).await })?;
    let c = forked(seed).await?;
    Ok(format!("{a} {b} {c}"))
}

async fn recursion(seed: u64) -> Result<String> {
    let n = fact(seed % 7).await?;
    let t = tree(seed % 4).await?;
    Ok(format!("{n} {t}"))
}

async fn failing_children(seed: u64) -> Result<String> {
    let handled = failing(seed).await;
    let text = match handled {
        Ok(n) => describe(&n).await?,
        Err(error) => {
            let again = failing(seed + 1).await?;
            format!("{} {again}", error.0)
        }
    };
    let both = settle!(failing(seed + 1), async { failing(seed + 2).await });
    let all = settle!(for i in 0..3u64 {
        let n = failing(i + seed).await?;
        small(n).await
    });
    let last = failing(seed + 3).await;
    tell("last").await;
    let end = if seed % 2 == 0 { failing(seed + 1).await? } else { 0 };
    Ok(format!("{text} {both:?} {all:?} {last:?} {end}"))
}

async fn deep(seed: u64) -> Result<String> {
    let mut out = Vec::new();
    for round in 0..2u64 {
        let (a, b) = parallel!(
            async {
                let list = parallel!(for x in vec![round, seed] {
                    let n = small(x).await?;
                    let m = patient_child(n).await?;
                    Ok(n + m)
                })?;
                total(&list).await
            },
            async { small(round).await },
        )?;
        out.push((a, b));
    }
    Ok(format!("{out:?}"))
}

async fn patient_child(n: u64) -> Result<u64> {
    let a = pause(ask_maybe(n)).timeout(seconds(60)).await.unwrap_or(4);
    sleep(seconds(30)).await;
    race!(
        async { Ok(pause(ask_maybe(n + 1)).await) },
        async {
            sleep(seconds(40)).await;
            add(a, 1).await
        },
    )
}
