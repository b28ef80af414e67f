// Workflows made by `macro_rules!`: with names passed in, with code passed in, with all code of the macro's own.
#![deny(warnings)]
#[path = "../fail/prelude/mod.rs"]
mod prelude;
use prelude::*;

macro_rules! named {
    ($name:ident, $topic:ident, $step:path) => {
        workflow! {
            pub async fn $name($topic: Topic) -> Result<Draft> {
                let notes = $step(&$topic).await?;
                let count = notes.items.len();
                let (first, _) = parallel!(outline(&notes), async { outline(&notes).await })?;
                for item in notes.items {
                    let _ = review(&first).await?;
                    println!("{item} {count}");
                }
                Ok(first)
            }
        }
    };
}

macro_rules! with_code {
    ($name:ident($topic:ident) $($code:tt)*) => {
        workflow! {
            pub async fn $name($topic: Topic) -> Result<Draft> { $($code)* }
        }
    };
}

macro_rules! all_of_its_own {
    () => {
        #[step]
        async fn own(topic: &Topic) -> Result<Draft> {
            Ok(Draft { text: topic.title.clone() })
        }

        /// Go on?
        #[pause]
        fn go_on(draft: &Draft) -> bool;

        workflow! {
            pub async fn owned(topic: Topic) -> Result<Draft> {
                let mut draft = own(&topic).await?;
                #[max(3)]
                while !pause(go_on(&draft)).await {
                    draft = own(&topic).await?;
                }
                Ok(draft)
            }
        }
    };
}

named!(article, topic, research);
with_code!(essay(topic)
    let notes = research(&topic).await?;
    let count = notes.items.len();
    write(notes, count).await
);
all_of_its_own!();

fn main() {
    let _ = (Article::NAME, Essay::NAME, Owned::NAME);
}
