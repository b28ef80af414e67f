//! `pause`.

async fn in_a_row(seed: u64) -> Result<String> {
    let a = pause(ask_number(seed)).await;
    let b = pause(ask_number(a)).await;
    let text = describe(&b).await?;
    let c = pause(ask_text(&text)).await;
    pause(ask_text("nobody listens")).await;
    let d = pause(ask_number(a + b)).await.min(9) + 1;
    Ok(format!("{a} {b} {c} {d}"))
}

async fn everywhere(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    if pause(ask_number(seed)).await % 2 == 0 {
        let even = pause(ask_text("even")).await;
        log.push(even);
    }
    match pause(ask_shape(seed, "x")).await {
        Shape::Dot => log.push("dot".to_string()),
        Shape::Line(n) if n > 8 => {
            let m = pause(ask_number(n)).await;
            let n = add(n, m).await?;
            log.push(n.to_string());
        }
        Shape::Line(n) => {
            let n = describe(&n).await?;
            log.push(n);
        }
        Shape::Area { w, h } => {
            let sum = pause(ask_number(w + h)).await;
            log.push(format!("{w} {h} {sum}"));
        }
        Shape::Named(name) => {
            let other = pause(ask_text(&name)).await;
            log.push(name + &other);
        }
    }
    let pair = (pause(ask_number(1)).await, pause(ask_number(2)).await);
    let Shape::Line(n) = pause(ask_shape(pair.0 + seed, &log[0])).await else {
        return Ok(format!("no line {log:?}"));
    };
    let length = pause(ask_text("long")).await.len();
    Ok(format!("{log:?} {pair:?} {n} {length}"))
}

async fn in_loops(seed: u64) -> Result<String> {
    let mut drafts = Vec::new();
    let mut draft = describe(&seed).await?;
    #[max(9)]
    loop {
        match pause(ask_shape(drafts.len() as u64 + seed, &draft)).await {
            Shape::Dot => break,
            Shape::Line(n) => {
                drafts.push(draft.clone());
                draft = join(&draft, &n.to_string()).await?;
            }
            Shape::Area { w, .. } => {
                drafts.push(draft);
                draft = describe(&w).await?;
            }
            Shape::Named(name) => {
                let n = consume(name).await?;
                drafts.push(n.to_string());
            }
        }
    }
    for i in 0..2 {
        let n = pause(ask_number(i)).await;
        for j in 0..n % 3 {
            draft = pause(ask_text(&draft)).await;
            let _ = add(j, i).await?;
        }
    }
    #[max(20)]
    while pause(ask_number(drafts.len() as u64)).await % 3 != 0 {
        drafts.push(String::new());
    }
    Ok(format!("{drafts:?} {draft}"))
}

async fn at_the_end(seed: u64) -> Result<String> {
    if seed % 3 == 0 {
        return Ok(pause(ask_text("three")).await);
    }
    let n = add(seed, 1).await?;
    if n % 3 == 0 {
        return Err(Error(pause(ask_text("error")).await));
    }
    Ok(pause(ask_text(&n.to_string())).await)
}

async fn side_by_side(seed: u64) -> Result<String> {
    let name = describe(&seed).await?;
    let (a, b, c) = parallel!(
        async {
            let a = pause(ask_number(seed)).await;
            let b = add(a, 1).await?;
            Ok(pause(ask_number(b)).await)
        },
        async {
            let text = pause(ask_text(&name)).await;
            join(&text, &name).await
        },
        async {
            let n = add(seed, 1).await?;
            let mut out = Vec::new();
            for i in 0..n % 3 {
                let n = pause(ask_number(i)).await;
                out.push(n);
            }
            Ok(out)
        },
    )?;
    let d = pause(ask_text(&b)).await;
    Ok(format!("{a} {b} {c:?} {d} {name}"))
}

async fn nested(seed: u64) -> Result<String> {
    let mut log = Vec::new();
    for i in 0..2 {
        let (a, b) = parallel!(
            async {
                let first = pause(ask_number(i + seed)).await;
                let (p, q) = parallel!(
                    async {
                        let n = pause(ask_number(first)).await;
                        add(n, 1).await
                    },
                    async { Ok(pause(ask_text("q")).await) },
                )?;
                let text = join(&q, &p.to_string()).await?;
                if is(p, 2).await? {
                    return Ok(pause(ask_text(&text)).await);
                }
                Ok(text)
            },
            async {
                let n = slow(seed).await?;
                match pause(ask_shape(n, "b")).await {
                    Shape::Named(name) => consume(name).await,
                    Shape::Line(n) => Ok(n),
                    _ => Ok(pause(ask_number(n)).await),
                }
            },
        )?;
        log.push(format!("{a} {b}"));
    }
    Ok(format!("{log:?}"))
}

async fn failing_beside_a_pause(seed: u64) -> Result<String> {
    // cancels
    let result = parallel!(
        async {
            let n = pause(ask_number(seed)).await;
            add(n, 1).await
        },
        async {
            let n = slow(seed).await?;
            let n = fail_on(n, 2).await?;
            Ok(pause(ask_number(n)).await)
        },
    );
    tell("joined").await;
    let text = match result {
        Ok((a, b)) => format!("{a} {b}"),
        Err(error) => pause(ask_text(&error.0)).await,
    };
    let n = pause(ask_number(seed + 2)).await;
    let n = fail_on(n, 5).await?;
    Ok(format!("{text} {n}"))
}
