//! Steps and glue that fail.

async fn in_the_middle(seed: u64) -> Result<String> {
    let a = add(seed, 1).await?;
    let b = fail_on(a, 3).await?;
    let c = describe(&b).await?;
    ensure(c.len() < 4).await?;
    Ok(format!("{a} {b} {c}"))
}

async fn handled(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    let kept = fail_on(seed, 2).await;
    tell("kept").await;
    match &kept {
        Ok(n) => log.push(format!("ok {n}")),
        Err(error) => log.push(error.to_string()),
    }
    match fail_on(seed, 3).await {
        Ok(n) => {
            let n = add(n, 1).await?;
            log.push(n.to_string());
        }
        Err(Error(text)) => {
            let n = consume(text.clone()).await?;
            log.push(format!("{text} {n}"));
        }
    }
    match checked(seed, 10).await {
        Ok(n) if n > 5 => log.push("big".to_string()),
        Ok(n) => {
            let text = describe(&n).await?;
            log.push(text);
        }
        Err(Fault(n)) => {
            tell("fault").await;
            log.push(format!("fault {n}"));
        }
    }
    if let Err(error) = fail_on(seed, 5).await {
        tell(&error.0).await;
        log.push(error.0);
    }
    let Ok(n) = fail_on(seed, 7).await else {
        return Err(Error(format!("seven {log:?}")));
    };
    let m = fail_on(n, 11).await.unwrap_or(99);
    let o = fail_on(m, 4).await.or_else(|_| if m > 12 { Err(Error("late".to_string())) } else { Ok(4) })?;
    Ok(format!("{log:?} {kept:?} {m} {o}"))
}

async fn from_another_error(seed: u64) -> Result<String> {
    let a = checked(seed, 12).await?;
    let b = add(a, 1).await?;
    let c: u64 = "12x".trim_end_matches(if b % 4 == 0 { 'y' } else { 'x' }).parse().map_err(|_| Fault(b))?;
    let d = describe(&c).await?;
    let e: std::result::Result<u64, Fault> = if b % 5 == 0 { Err(Fault(5)) } else { Ok(b) };
    let e = e?;
    Ok(format!("{a} {d} {e}"))
}

async fn question_marks_in_glue(seed: u64) -> Result<String> {
    let v = list(seed % 7).await?;
    let last = v.last().copied().ok_or_else(|| Error("empty".to_string()))?;
    let text = describe(&last).await?;
    let number: u64 = text.trim_matches(['<', '>']).parse().map_err(|_| Error("no number".to_string()))?;
    let small = u8::try_from(number * 60).map_err(|error| Error(error.to_string()))?;
    let sum = v.iter().map(|n| if *n == 9 { Err(Error("nine".to_string())) } else { Ok(*n) }).sum::<Result<u64>>()?;
    tell("sum").await;
    for n in v {
        let n = if n == 4 { Err(Error("four".to_string()))? } else { n };
        add(n, 1).await?;
    }
    Ok(format!("{small} {sum}"))
}

async fn in_loops(seed: u64) -> Result<String> {
    let mut n = 0;
    for i in 1..6 {
        n += fail_on(i + seed, 6).await?;
        #[max(4)]
        while n % 5 == 0 {
            n += fail_on(n + 1, 3).await?;
        }
    }
    let outcome =
        #[max(5)]
        loop {
            n += 1;
            match fail_on(n, 4).await {
                Ok(_) => continue,
                Err(error) => break error,
            }
        };
    Err(outcome)
}
