//! The asks that are built in, and what can be said of how a question is asked.

async fn one_of_each(seed: u64) -> Result<String> {
    let sure = pause(confirm(format!("sure {seed}?")).about(&seed)).await;
    let n: u64 = pause(ask("how many?")).await;
    let route = pause(choose(format!("where {n}?"), vec![n, n + 1, seed + 40])).await;
    let some = pause(choose_many("which?", 0..route.min(6) + 1)).await;
    let text = describe(&(some.len() as u64)).await?;
    let said = match pause(review(&text).question("good?")).await {
        Review::Accept => text,
        Review::Edit(better) => join(&text, &better).await?,
        Review::Reject { feedback } => join(&feedback, &text).await?,
    };
    Ok(format!("{} {n} {route} {some:?} {said}", sure.is_yes()))
}

async fn review_until_it_is_good(seed: u64) -> Result<String> {
    let mut text = describe(&(seed * 37)).await?;
    let mut rounds = 0;
    #[max(9)]
    loop {
        match pause(review(&text)).await {
            Review::Accept => break,
            Review::Edit(better) => text = better,
            Review::Reject { feedback } => {
                text = join(&text, &feedback).await?;
                rounds += 1;
            }
        }
        if rounds > 3 {
            text.clear();
        }
    }
    Ok(format!("{text} after {rounds}"))
}

async fn several_approve(seed: u64) -> Result<String> {
    let mut have: Vec<String> = Vec::new();
    let mut log = Vec::new();
    #[max(4)]
    while (have.len() as u64) < seed % 4 {
        let answer = pause(ask_number(seed)).to_role("editor").except(&have).remind_every(seconds(9)).answered().await;
        log.push(format!("{} by {:?}: {:?}", answer.answer, answer.by, answer.comment));
        have.extend(answer.by);
        let total = add(seed, have.len() as u64).await?;
        let sure = pause(confirm(format!("{total}?")).answered()).await;
        if sure.answer.is_no() {
            log.push(format!("{:?} says no", sure.by));
        }
    }
    Ok(format!("{log:?} {have:?}"))
}

async fn answered_in_time(seed: u64) -> Result<String> {
    let question = if seed % 2 == 0 { "well?" } else { "silence?" }.to_owned();
    let first = match pause(confirm(&question).timeout(seconds(20)).answered()).await {
        Ok(answer) => format!("{:?} by {:?}", answer.answer, answer.by),
        Err(late) => late.to_string(),
    };
    let n = add(seed, 1).await?;
    let second = match pause(confirm(&question)).answered().timeout(seconds(n + 20)).await {
        Ok(answer) => format!("{:?} {:?}", answer.answer, answer.comment),
        Err(late) => late.to_string(),
    };
    let third = pause(ask_maybe(seed)).timeout(seconds(15)).about(&n).await.unwrap_or(5);
    Ok(format!("{first} {second} {third}"))
}

async fn reminded_in_branches(seed: u64) -> Result<String> {
    let (a, b) = parallel!(
        async {
            let text = describe(&seed).await?;
            let sure = pause(confirm("silence?").remind_every(seconds(7))).timeout(seconds(30)).await;
            Ok(format!("{text} {}", sure.is_ok()))
        },
        async {
            let answer = pause(ask("what?").remind_every(seconds(4)).answered()).await;
            let n = slow(answer.answer).await?;
            Ok(format!("{n} {:?}", answer.by))
        },
    )?;
    let won = race!(
        async { Ok(pause(confirm("silence for ever?").remind_every(seconds(5))).await.is_yes()) },
        async {
            sleep(seconds(12)).await;
            Ok(false)
        },
    )?;
    let sure = pause(confirm("and?")).await.is_yes();
    Ok(format!("{a} {b} {won} {sure}"))
}
