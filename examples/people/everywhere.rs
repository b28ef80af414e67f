//! Questions wherever code can stand: in branches, in items of a fan-out, in loops and in other workflows; several are open at
//! once and are answered in any order.

use flow_runtime::prelude::*;

use crate::{
    confirm::confirm_or_skip,
    desk::{Desk, Result, keep, rewrite, send, write},
};

workflow! {
    /// Two people are asked at once; the letter is written meanwhile.
    pub(crate) async fn ask_in_branches(desk: &Desk, topic: String) -> Result<String> {
        let (ann, bob, letter) = parallel!(
            async { Ok(pause(confirm("Ann, is this a topic for us?").about(&topic).to("ann")).await.is_yes()) },
            async { Ok(pause(confirm("Bob, is this a topic for us?").about(&topic).to("bob")).await.is_yes()) },
            write(desk, &topic),
        )?;
        if ann && bob {
            send(desk, "everybody", &letter).await?;
        }
        Ok(format!("ann {ann}, bob {bob}"))
    }
}

workflow! {
    /// A question per item: each goes on as soon as it is answered, in whatever order.
    pub(crate) async fn ask_per_item(desk: &Desk, topics: Vec<String>) -> Result<Vec<String>> {
        let letters = parallel!(for topic in topics {
            let mut letter = write(desk, &topic).await?;
            #[max(3)]
            while !pause(confirm("Is the letter good?").about(&letter)).await.is_yes() {
                letter = rewrite(desk, &letter, "Better").await?;
            }
            keep(desk, &letter).await?;
            Ok(letter)
        })?;
        Ok(letters)
    }
}

workflow! {
    /// Other workflows ask, one after the other: their questions are this run's.
    pub(crate) async fn ask_in_children(desk: &Desk, readers: Vec<String>) -> Result<String> {
        let mut all = Vec::new();
        for reader in readers {
            let letter = confirm_or_skip(desk, reader).await?;
            all.push(letter);
        }
        Ok(all.join(" "))
    }
}
