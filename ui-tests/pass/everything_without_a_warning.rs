// Nothing the expansion contains makes a warning, whatever the user denies.
#![deny(warnings, unused, nonstandard_style, future_incompatible, unexpected_cfgs, unreachable_code, unused_mut)]
#[path = "../fail/prelude/mod.rs"]
mod prelude;
use prelude::*;

/// A step without a result, with a pattern for a parameter.
#[step]
async fn note((first, second): (usize, usize)) -> Result<()> {
    println!("{first} {second}");
    Ok(())
}

/// Which of them?
#[pause]
fn choose(drafts: &[Draft], limit: usize) -> Option<usize>;

workflow! {
    /// Uses every construct once.
    pub async fn article(llm: &Llm, context: &str, mut topic: Topic, rounds: u64) -> Result<Draft> {
        let Llm = llm;
        topic.title.push_str(context);
        let notes = research(&topic).await?;
        let count = notes.items.len();
        let (first, second) = parallel!(
            outline(&notes),
            async {
                let draft = outline(&notes).await?;
                if draft.text.len() > count {
                    return Ok(draft);
                }
                let approval = pause(approve(&draft)).await;
                println!("{}", approval.by);
                Ok(draft)
            },
        )?;
        let drafts = vec![first, second];
        let Some(chosen) = pause(choose(&drafts, 2)).await else { return Err(Error) };
        let mut draft = drafts.into_iter().nth(chosen).ok_or(Error)?;
        #[max(rounds)]
        'revise: loop {
            match review(&draft).await? {
                Verdict::Accept => break 'revise,
                Verdict::Revise { feedback } if feedback.is_empty() => continue,
                Verdict::Revise { feedback } => {
                    note((feedback.len(), count)).await?;
                    draft.text += &feedback;
                }
                Verdict::Drop => return Err(Error),
            }
        }
        #[max(3)]
        while draft.text.len() < 10 {
            draft = outline(&notes).await?;
        }
        for item in notes.items.clone() {
            for position in 0..item.len() {
                note((position, item.len())).await?;
            }
        }
        let draft = if draft.text.is_empty() { outline(&notes).await? } else { draft };
        let length = { note((0, 0)).await?; draft.text.len() };
        let again = draft.text.len() > 3 && review(&draft).await?.is_accept();
        println!("{length} {again} {:?}", notes.items);
        write(notes, 800).await
    }
}

fn main() {}
