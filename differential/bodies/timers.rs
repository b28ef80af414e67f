//! `sleep`, `sleep_until`, `pause(…).timeout(…)`.

async fn sleeps_in_a_row(seed: u64) -> Result<String> {
    sleep(seconds(30)).await;
    let a = add(seed, 1).await?;
    sleep(seconds(0)).await;
    sleep(std::time::Duration::from_millis(300)).await;
    let b = add(a, 1).await?;
    sleep_until(later(400)).await;
    sleep_until(std::time::UNIX_EPOCH).await;
    let text = describe(&b).await?;
    sleep(seconds(5)).await;
    Ok(format!("{a} {b} {text}"))
}

async fn sleeps_everywhere(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    for i in 0..seed % 4 {
        sleep(seconds(i * 60)).await;
        if is(i, 2).await? {
            sleep_until(later(7)).await;
            log.push(i);
        }
    }
    match opt(seed).await? {
        Some(n) if n % 2 == 0 => sleep(seconds(n)).await,
        Some(n) => {
            let (a, b) = parallel!(
                async {
                    sleep(seconds(n + 2)).await;
                    add(n, 1).await
                },
                async {
                    sleep(seconds(12)).await;
                    let m = add(n, 2).await?;
                    sleep(seconds(2)).await;
                    Ok(m)
                },
            )?;
            log.push(a + b);
        }
        None => {}
    }
    let items = parallel!(for i in log.clone() {
        sleep(seconds(i % 7 * 3)).await;
        add(i, 1).await
    }, limit = 2)?;
    Ok(format!("{log:?} {items:?}"))
}

async fn deadlines(seed: u64) -> Result<String> {
    let a = pause(ask_maybe(seed)).timeout(seconds(60)).await;
    let text = match a {
        Ok(n) => describe(&n).await?,
        Err(late) => late.to_string(),
    };
    let b = pause(ask_maybe(seed + 1)).timeout(seconds(300)).await.unwrap_or(99);
    let c = pause(ask_maybe(seed / 2)).timeout(seconds(7)).await.is_ok();
    let d = pause(ask_maybe(seed / 3)).timeout(seconds(400)).await?;
    Ok(format!("{text} {b} {c} {d}"))
}

async fn deadlines_side_by_side(seed: u64) -> Result<String> {
    let (a, b, c) = parallel!(
        async {
            let n = pause(ask_maybe(seed)).timeout(seconds(50)).await.unwrap_or(1);
            sleep(seconds(5)).await;
            add(n, 1).await
        },
        async {
            sleep(seconds(20)).await;
            Ok(pause(ask_maybe(seed + 1)).timeout(seconds(10)).await.unwrap_or(2))
        },
        async { Ok(pause(ask_text("c")).await) },
    )?;
    let all = settle!(for i in 0..3u64 {
        let n = pause(ask_maybe(seed + i)).timeout(seconds(10 * (i + 1))).await?;
        let m = pause(ask_number(n)).await;
        add(n, m).await
    });
    Ok(format!("{a} {b} {c} {all:?}"))
}

async fn reminders(seed: u64) -> Result<String> {
    let mut asked = 0;
    let answer = loop_until(seed).await?;
    #[max(5)]
    while asked < answer % 4 {
        match pause(ask_maybe(seed + asked)).timeout(seconds(120)).await {
            Ok(n) if n % 2 == 0 => break,
            Ok(_) => asked += 1,
            Err(_) => {
                asked += 2;
                tell("remind").await;
            }
        }
    }
    Ok(format!("{asked} {answer}"))
}

async fn loop_until(n: u64) -> Result<u64> {
    let mut k = n;
    #[max(9)]
    loop {
        k = add(k, 1).await?;
        if is(k, 3).await? {
            break Ok(k);
        }
        sleep(seconds(10)).await;
    }
}
