//! Retries, timeouts, questions about failures, steps that must not be repeated.

async fn retried(seed: u64) -> Result<String> {
    let a = flaky(seed, 2).await?;
    let b = flaky(a, 0).await?;
    let c = picky(seed, 2).await;
    tell("c").await;
    let d = picky(seed + 1, 1).await.unwrap_or(3);
    let e = flaky(seed, seed as u32 % 6).await?;
    Ok(format!("{a} {b} {c:?} {d} {e}"))
}

async fn first_step_of_everything(seed: u64) -> Result<String> {
    let a = flaky(seed, 1).await?;
    let (b, c) = parallel!(flaky(a, 2), async {
        let n = flaky(a, 3).await?;
        flaky(n, 1).await
    })?;
    let words: Vec<u64> = (0..3).collect();
    let list = parallel!(for x in words { flaky(x, x as u32).await }, limit = 2)?;
    let all = settle!(for x in vec![seed, seed + 1, seed + 2] {
        let n = picky(x, 2).await?;
        flaky(n, 4).await
    });
    let d = retried_child(seed).await?;
    let e = race!(flaky(seed, 2), async {
        sleep(seconds(100)).await;
        flaky(0, 1).await
    })?;
    Ok(format!("{b} {c} {list:?} {all:?} {d} {e}"))
}

async fn retried_child(n: u64) -> Result<u64> {
    let a = flaky(n, 2).await?;
    let b = pause(ask_number(a)).await;
    flaky(b, 1).await
}

async fn in_loops(seed: u64) -> Result<String> {
    let mut sum = seed;
    for i in 0..3u64 {
        sum = flaky(sum, i as u32).await?;
        let n = tardy(sum, 1).await?;
        sum = retried_child(n).await?;
    }
    let label = 'a: {
        if flaky(sum, 1).await? % 2 == 0 {
            break 'a 1;
        }
        flaky(sum, 2).await?
    };
    Ok(format!("{sum} {label}"))
}

async fn timeouts(seed: u64) -> Result<String> {
    let a = tardy(seed, 1).await?;
    let b = tardy(a, 3).await;
    tell("b").await;
    #[timeout("2s")]
    let c = drag(seed, seed % 5).await;
    tell("c").await;
    #[retry(1)]
    #[timeout("3s")]
    let d = drag(seed, seed % 5).await.unwrap_or(8);
    let (e, f) = settle!(tardy(seed, seed as u32 % 4), async {
        #[timeout("5s")]
        let n = drag(seed, 6).await?;
        Ok(n)
    });
    Ok(format!("{a} {b:?} {c:?} {d} {e:?} {f:?}"))
}

async fn rules_at_the_call(seed: u64) -> Result<String> {
    #[retry(2)]
    let a = bare(seed, 2).await?;
    #[retry(1, backoff = "10ms..20ms")]
    let b = bare(a, 3).await;
    tell("b").await;
    #[id = "the third"]
    let c = bare(a, 0).await?;
    #[retry(1)]
    let d = flaky(c, 3).await;
    Ok(format!("{a} {b:?} {c} {d:?}"))
}

async fn asks_about_failures(seed: u64) -> Result<String> {
    #[on_error(pause)]
    let a = bare(seed, 1).await?;
    let (b, c) = parallel!(
        async {
            #[retry(1, backoff = "10ms")]
            #[on_error(pause)]
            let n = bare(a, 2).await?;
            add(n, 1).await
        },
        async { Ok(pause(ask_number(a)).await) },
    )?;
    Ok(format!("{a} {b} {c}"))
}

async fn charges(seed: u64) -> Result<String> {
    let a = charge(seed).await?;
    let b = charge(a).await;
    tell("b").await;
    let (c, d) = settle!(charge(seed + 1), async {
        let n = flaky(seed, 1).await?;
        charge(n).await
    });
    let list = settle!(for i in 0..2u64 { charge(i + seed).await });
    let e = charging_child(seed).await?;
    Ok(format!("{a} {b:?} {c:?} {d:?} {list:?} {e}"))
}

async fn charging_child(n: u64) -> Result<u64> {
    let a = charge(n * 5).await?;
    let b = charge(n * 5 + 1).await?;
    Ok(a + b)
}
