//! What a step can be, and the rules it can have.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use flow_runtime::{TimedOut, Workflow, machine::CallMeta, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Late(#[from] TimedOut),
    #[error("{0}")]
    Other(String),
}

type Result<T, E = Error> = std::result::Result<T, E>;

fn is_late(error: &Error) -> bool {
    matches!(error, Error::Late(_))
}

/// A seat that is kept free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Seat(u32);

/// Keep a seat free.
#[step(retries = 3, backoff = "500ms..30s", timeout = "2m", retry_if = is_late, undo = release, once)]
async fn reserve(row: &str, number: u32) -> Result<Seat> {
    if row.is_empty() { Err(Error::Other("no row".to_owned())) } else { Ok(Seat(number)) }
}

/// Give it back.
#[step(retries = 1)]
async fn release(row: &str, number: u32, seat: Seat) -> Result<()> {
    assert_eq!((row.len(), number), (1, seat.0));
    Ok(())
}

/// A step that cannot fail.
#[step(once, undo = forget)]
async fn remember(words: Vec<String>) -> usize {
    words.len()
}

#[step]
async fn forget(words: Vec<String>, count: usize) {
    assert_eq!(words.len(), count);
}

#[step(once)]
async fn parse<T>(text: &str) -> Result<T, String>
where
    T: std::str::FromStr + Serialize + for<'d> Deserialize<'d> + JsonSchema + Send + 'static,
{
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

struct Client {
    name: String,
}

impl Client {
    /// Fetch a page. It has a long description, which is more than what goes into one word, and more than what goes into four
    /// of them – “with quotes” – and so on.
    #[step(retries = 2)]
    async fn fetch(&self, url: &str, [first, _]: [u8; 2]) -> Result<String> {
        if url.is_empty() {
            return Err(Error::Other("no address".to_owned()));
        }
        let page = self.page(url).await?;
        Ok(format!("{page}{first}"))
    }

    #[step]
    async fn page(&self, url: &str) -> Result<String> {
        Ok(format!("{}: {url}", self.name))
    }

    /// Make one.
    #[step]
    async fn made(name: impl Into<String> + Send) -> Self {
        Client { name: name.into() }
    }

    #[step]
    async fn number() -> Result<u32> {
        Ok(7)
    }

    #[step(undo = Self::withdraw, once, timeout = "1s")]
    async fn post(&self, mut text: String) -> Result<usize> {
        text.push('!');
        Ok(text.len())
    }

    #[step]
    async fn withdraw(&self, text: String, length: usize) -> Result<()> {
        assert_eq!(text.len() + 1, length);
        Ok(())
    }
}

workflow! {
    async fn browse(client: &Client, url: String) -> Result<String> {
        let page = client.fetch(&url, [1, 2]).await?;
        let more = client.page(&page).await?;
        let number = Client::number().await?;
        let length = client.post(more.clone()).await?;
        let (a, b) = parallel!(client.page(&more), async { client.page("x").await })?;
        Ok(format!("{a}{b}{number}{length}"))
    }
}

fn calls<W: Workflow>() -> Vec<&'static CallMeta> {
    W::MACHINE.calls.list()
}

#[tokio::test]
async fn methods_are_steps() {
    let client = Client::made("c").await;
    assert_eq!(Browse::run(&client, "u".to_owned()).await.unwrap(), "c: c: c: u1c: x79");
    let calls = calls::<Browse>();
    assert_eq!(
        calls.iter().map(|call| call.name).collect::<Vec<_>>(),
        ["fetch", "page", "number", "post", "page", "page"]
    );
    assert!(
        calls[0].doc.starts_with("Fetch a page. It has a long") && calls[0].doc.ends_with("“with quotes” – and so on.")
    );
    assert_eq!((calls[0].policy.retries, calls[0].policy.once), (2, false));
    assert_eq!(calls[1].doc, "");
    let post = calls[3].policy;
    assert_eq!((post.timeout_ms, post.once, post.undo, post.unknown.is_some()), (1_000, true, true, true));
}

trait Mailer: Send + Sync + 'static {
    /// Send a letter.
    #[step]
    async fn send(&self, to: &str) -> Result<usize>;

    /// Send it twice.
    #[step]
    async fn send_twice(&self, to: &str) -> Result<usize> {
        Ok(self.send(to).await? + self.send(to).await?)
    }
}

struct Post;

impl Mailer for Post {
    /// By post.
    #[step(retries = 9)]
    async fn send(&self, to: &str) -> Result<usize> {
        Ok(to.len())
    }
}

struct Loud<M>(M);

impl<M: Mailer> Mailer for Loud<M> {
    #[step]
    async fn send(&self, to: &str) -> Result<usize> {
        self.0.send(&to.to_uppercase()).await
    }
}

impl<M: Mailer> Loud<M> {
    #[step]
    async fn shout<T: AsRef<str> + Send>(
        &self,
        to: &str,
        what: T,
        how: impl Fn(&str) -> String + Send,
    ) -> Result<String> {
        let sent = self.0.send(to).await?;
        Ok(format!("{sent}{}", how(what.as_ref())))
    }
}

workflow! {
    async fn invite<M: Mailer>(mailer: &M, guests: Vec<String>) -> Result<usize> {
        let mut letters = 0;
        for guest in guests {
            letters += mailer.send(&guest).await?;
            let more = mailer.send_twice(&guest).await?;
            letters += more;
        }
        Ok(letters)
    }
}

workflow! {
    async fn shouting<M: Mailer>(mailer: &Loud<M>, guest: String) -> Result<String> {
        let text = mailer.shout(&guest, "hey", |text| text.to_uppercase()).await?;
        Ok(text)
    }
}

#[tokio::test]
async fn steps_of_traits_are_steps() {
    let guests = vec!["anna".to_owned(), "bo".to_owned()];
    assert_eq!(Invite::run(&Post, guests.clone()).await.unwrap(), 18);
    assert_eq!(Invite::run(&Loud(Post), guests).await.unwrap(), 18);
    assert_eq!(Shouting::run(&Loud(Post), "anna".to_owned()).await.unwrap(), "4HEY");
    let calls = calls::<Invite<Post>>();
    assert_eq!((calls[0].name, calls[0].doc, calls[0].policy.retries), ("send", "By post.", 9));
    assert_eq!((calls[1].name, calls[1].doc), ("send_twice", "Send it twice."));
}

trait Store<T: Clone + Send + Sync + 'static>: Send + Sync + 'static {
    #[step(use<Self, T>)]
    async fn load(&self, key: &str) -> Result<T, String>;

    /// Load it twice.
    #[step(use<Self, T>, retries = 1)]
    async fn load_both(&self, key: &str) -> Result<(T, T), String> {
        Ok((self.load(key).await?, self.load(key).await?))
    }
}

struct One<T>(T);

impl<T: Clone + Send + Sync + 'static> Store<T> for One<T> {
    #[step(retries = 4)]
    async fn load(&self, key: &str) -> Result<T, String> {
        if key.is_empty() { Err("no key".to_owned()) } else { Ok(self.0.clone()) }
    }

    /// In one go.
    #[step(retries = 5)]
    async fn load_both(&self, _key: &str) -> Result<(T, T), String> {
        Ok((self.0.clone(), self.0.clone()))
    }
}

impl<T> One<T> {
    #[step(use<T>)]
    async fn answer() -> u32 {
        42
    }
}

workflow! {
    async fn loading<S: Store<u8>>(store: &S, key: String) -> Result<u32, String> {
        let one = store.load(&key).await?;
        let (left, right) = store.load_both(&key).await?;
        let answer = One::<S>::answer().await;
        Ok(u32::from(one + left + right) + answer)
    }
}

#[tokio::test]
async fn what_is_generic_around_a_step_can_be_told() {
    assert_eq!(Loading::run(&One(3_u8), "k".to_owned()).await.unwrap(), 51);
    let calls = calls::<Loading<One<u8>>>();
    assert_eq!(calls.iter().map(|call| call.policy.retries).collect::<Vec<_>>(), [4, 5, 0]);
    assert_eq!(calls[1].doc, "In one go.");
}

/// Count to it.
#[step(blocking)]
fn count(to: u64, _label: Arc<str>) -> Result<u64> {
    if to == 13 {
        return Err(Error::Other("no".to_owned()));
    }
    Ok((0..to).map(|_| 1).sum())
}

struct Cpu(u64);

impl Cpu {
    #[step(blocking, timeout = "5s")]
    fn spin(self: Arc<Self>, times: u64) -> Result<u64> {
        let _ = Err(Error::Other(String::new())).or(Ok::<_, Error>(1))?;
        Ok(self.0 * times)
    }
}

workflow! {
    async fn heavy(cpu: &Arc<Cpu>, n: u64) -> Result<u64> {
        let counted = count(n, "x".into()).await?;
        cpu.clone().spin(counted).await
    }
}

#[tokio::test]
async fn steps_may_block() {
    assert_eq!(Heavy::run(&Arc::new(Cpu(3)), 4).await.unwrap(), 12);
    assert_eq!(calls::<Heavy>()[1].policy.timeout_ms, 5_000);
}

workflow! {
    async fn all_rules(n: u32) -> Result<usize> {
        let seat = reserve("a", n).await?;
        let length = remember(vec![seat.0.to_string()]).await;
        let _: u8 = parse("7").await.map_err(Error::Other)?;
        Ok(length)
    }
}

#[tokio::test]
async fn rules_are_known_at_compile_time() {
    assert_eq!(AllRules::run(&(), 3).await.unwrap(), 1);
    let calls = calls::<AllRules>();
    let reserve = calls[0].policy;
    assert_eq!((reserve.retries, reserve.first_delay_ms, reserve.max_delay_ms), (3, 500, 30_000));
    assert_eq!((reserve.timeout_ms, reserve.once, reserve.undo), (120_000, true, true));
    let unknown = reserve.unknown.unwrap();
    assert!((unknown.check)(r#"{"Happened": 4}"#).is_ok());
    assert!((unknown.check)(r#"{"Happened": "four"}"#).is_err());
    assert!((calls[1].policy.unknown.unwrap().check)(r#"{"Happened": 4}"#).is_ok());
    assert!((calls[2].policy.unknown.unwrap().check)(r#"{"Happened": 400}"#).is_err());
    assert_eq!(calls[2].policy.retries, 0);
}
