//! Somebody looks at what came out: accept it, edit it, send it back with feedback; after each round; or only if it matters.

use flow_runtime::prelude::*;

use crate::desk::{Desk, Error, Result, rewrite, send, write};

workflow! {
    /// A letter is reviewed until it is accepted or edited, five times at most.
    pub(crate) async fn review_a_letter(desk: &Desk, topic: String) -> Result<String> {
        let mut letter = write(desk, &topic).await?;
        #[max(5)]
        loop {
            match pause(review(&letter)).await {
                Review::Accept => break,
                Review::Edit(better) => {
                    letter = better;
                    break;
                }
                Review::Reject { feedback } => letter = rewrite(desk, &letter, &feedback).await?,
            }
        }
        send(desk, "everybody", &letter).await?;
        Ok(letter)
    }
}

workflow! {
    /// A letter is polished, and after each round somebody says whether it is worth another one. A round counts as one, whatever
    /// steps it has.
    pub(crate) async fn review_each_round(desk: &Desk, topic: String) -> Result<u32> {
        let mut letter = write(desk, &topic).await?;
        let mut rounds = 0;
        for round in 1..=4 {
            let wish = format!("Round {round}");
            letter = rewrite(desk, &letter, &wish).await?;
            letter = rewrite(desk, &letter, "Shorter").await?;
            rounds = round;
            if !pause(confirm(format!("That was round {round}. Another one?")).about(&letter)).await.is_yes() {
                break;
            }
        }
        send(desk, "everybody", &letter).await?;
        Ok(rounds)
    }
}

workflow! {
    /// Only a long letter is reviewed: the rule is plain Rust.
    pub(crate) async fn review_if_long(desk: &Desk, topic: String) -> Result<String> {
        let mut letter = write(desk, &topic).await?;
        if letter.len() > 20 {
            match pause(review(&letter).question("This is a long letter. May it go out?")).answered().await {
                Answered { answer: Review::Accept, .. } => {}
                Answered { answer: Review::Edit(shorter), .. } => letter = shorter,
                given => return Err(Error::rejected(given)),
            }
        }
        send(desk, "everybody", &letter).await?;
        Ok(letter)
    }
}
