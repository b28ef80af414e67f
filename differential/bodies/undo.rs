//! Steps that are undone when the run fails in the end.

async fn the_end(n: u64, of: u64) -> Result<u64> {
    let m = add(n, 0).await?;
    fail_on(m, of).await
}

async fn saga(seed: u64) -> Result<String> {
    let a = reserve("a", seed).await?;
    let b = book(a, 1).await?;
    let c = reserve("c", b).await?;
    let d = fail_on(seed, 2).await?;
    Ok(format!("{a} {b} {c} {d}"))
}

async fn in_loops(seed: u64) -> Result<String> {
    let mut tickets = Vec::new();
    for i in 0..seed % 4 {
        let name = describe(&i).await?;
        let ticket = reserve(&name, i).await?;
        if is(ticket, 3).await? {
            let booked = book(ticket, 0).await?;
            tickets.push(booked);
        }
        tickets.push(ticket);
    }
    the_end(seed, 2).await?;
    Ok(format!("{tickets:?}"))
}

async fn in_branches(seed: u64) -> Result<String> {
    let name = describe(&seed).await?;
    let (a, b) = parallel!(reserve(&name, seed), async {
        let n = book(seed, 2).await?;
        let m = pause(ask_number(n)).await;
        reserve("b", m).await
    })?;
    let list = parallel!(for i in vec![1u64, 2, 3] {
        let n = reserve("item", i).await?;
        sleep(seconds(i)).await;
        book(n, 0).await
    }, limit = 2)?;
    let sum = total(&list).await?;
    the_end(seed, 2).await?;
    Ok(format!("{a} {b} {sum}"))
}

async fn in_failing_branches(seed: u64) -> Result<String> {
    let (a, b) = settle!(
        async {
            let n = reserve("a", seed).await?;
            fail_on(n, 2).await
        },
        async {
            let n = reserve("b", seed).await?;
            book(n, 5).await
        },
    );
    tell("settled").await;
    let list = settle!(for i in vec![seed, seed + 1] {
        let n = reserve("item", i).await?;
        fail_on(n, 2).await
    });
    the_end(seed, 3).await?;
    Ok(format!("{a:?} {b:?} {list:?}"))
}

async fn booking(n: u64) -> Result<u64> {
    let a = reserve("child", n).await?;
    let b = pause(ask_number(a)).await;
    book(a + b, 1).await
}

async fn in_children(seed: u64) -> Result<String> {
    let a = booking(seed).await?;
    let b = booking(a).await?;
    let (c, d) = parallel!(booking(seed), async {
        let list = parallel!(for i in vec![seed, seed + 1] { booking(i).await })?;
        total(&list).await
    })?;
    the_end(seed, 2).await?;
    Ok(format!("{a} {b} {c} {d}"))
}

async fn in_races(seed: u64) -> Result<String> {
    let a = race!(
        async {
            let n = reserve("fast", seed).await?;
            sleep(seconds(5)).await;
            book(n, 0).await
        },
        async {
            let n = reserve("slow", seed).await?;
            sleep(seconds(50)).await;
            reserve("never", n).await
        },
    )?;
    let b = race!(
        async {
            let n = reserve("asks", seed).await?;
            Ok(pause(ask_maybe(n)).await)
        },
        async {
            sleep(seconds(9)).await;
            reserve("late", seed).await
        },
    )?;
    the_end(seed, 2).await?;
    Ok(format!("{a} {b}"))
}

async fn nested_booking(n: u64) -> Result<u64> {
    let list = parallel!(for i in vec![n, n + 1] {
        let (a, b) = parallel!(booking(i), reserve("deep", i))?;
        Ok(a + b)
    })?;
    total(&list).await
}

async fn everywhere(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    for i in 0..2u64 {
        match nested_booking(i + seed).await {
            Ok(n) if n % 2 == 0 => {
                let m = reserve("even", n).await?;
                log.push(m);
            }
            Ok(n) => log.push(n),
            Err(_) => {}
        }
        #[retry(2)]
        let m = bare(i, 1).await?;
        let k = charge(m * 5).await?;
        log.push(k);
    }
    the_end(seed, 2).await?;
    Ok(format!("{log:?}"))
}
