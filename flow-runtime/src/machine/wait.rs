//! Pauses and timers: what a frame waits for without working.

use std::{marker::PhantomData, time::Duration};

use super::{Asks, CallKind, CallMeta, Cx, Halt, HasMeta, Suspends, WaitsFor, Writer, cx::Asked};
use crate::{
    Policy, TimedOut,
    error::{Failure, Refusal},
    event::Tag,
    pause::{Ask, AskInTime, Pause, answer_schema},
    sleep::Sleep,
};

/// Marks the calls of a pause without a deadline.
pub struct Answered<P>(PhantomData<fn() -> P>);

impl<P: Pause> HasMeta for Answered<P> {
    const META: CallMeta = P::META;
}

#[diagnostic::do_not_recommend]
impl<P: Pause> Asks for Ask<P> {
    type Meta = Answered<P>;

    fn ask(self, cx: &Cx, writer: &mut Writer) {
        ask(cx, writer, self, None);
    }
}

impl<P: Pause> Suspends for Answered<P> {
    type Answer = P::Answer;

    async fn answer(cx: &Cx, waits_for: WaitsFor) -> P::Answer {
        match answer::<P>(cx, waits_for).await {
            Some(answer) => answer,
            // Without a deadline it does not pass.
            None => std::future::pending().await,
        }
    }
}

/// Marks the calls of a pause with a deadline.
pub struct AnsweredInTime<P>(PhantomData<fn() -> P>);

impl<P: Pause> HasMeta for AnsweredInTime<P> {
    const META: CallMeta = P::META;
}

#[diagnostic::do_not_recommend]
impl<P: Pause> Asks for AskInTime<P> {
    type Meta = AnsweredInTime<P>;

    fn ask(self, cx: &Cx, writer: &mut Writer) {
        ask(cx, writer, self.ask, Some(self.after));
    }
}

impl<P: Pause> Suspends for AnsweredInTime<P> {
    type Answer = Result<P::Answer, TimedOut>;

    async fn answer(cx: &Cx, waits_for: WaitsFor) -> Self::Answer {
        let after = waits_for.pause.as_deref().map(|pause| cx.state().span(pause)).unwrap_or_default();
        answer::<P>(cx, waits_for).await.ok_or_else(|| TimedOut::pause(P::META.name, after))
    }
}

fn ask<P: Pause>(cx: &Cx, writer: &mut Writer, ask: Ask<P>, within: Option<Duration>) {
    let prompt = match ask.into_prompt() {
        Ok(prompt) => prompt,
        Err(error) => {
            let message = format!("the question of pause `{}` cannot be written as JSON", P::META.name);
            let failure = Failure::new(vec![message, error.to_string()], cx.path(), None);
            return cx.request_halt(Halt::Failed(failure));
        }
    };
    let (name, question) = (P::META.name.to_owned(), P::META.doc.to_owned());
    let schema = answer_schema::<P>().to_string();
    let asked = cx.new_pause(Asked { name, question, prompt, schema }, within);
    writer.pause = Some(asked.id.as_str().into());
    writer.wake = asked.deadline;
    if let Some(checkpoint) = &mut writer.checkpoint {
        checkpoint.asked = Some(asked);
    }
}

async fn answer<P: Pause>(cx: &Cx, waits_for: WaitsFor) -> Option<P::Answer> {
    let WaitsFor { pause, wake } = waits_for;
    let Some(pause) = pause else {
        return cx.halt(Halt::Refused(Refusal::no_pause(cx.path(), P::META.name))).await;
    };
    let text = cx.answer_text(&pause, wake).await?;
    match crate::json::decode(&text) {
        Ok(answer) => Some(answer),
        Err(error) => cx.halt(Halt::Refused(Refusal::answer(&pause, error))).await,
    }
}

/// Marks the calls of `sleep` and `sleep_until`.
pub struct Slept;

impl HasMeta for Slept {
    const META: CallMeta = CallMeta { name: "sleep", doc: "", kind: CallKind::Timer, policy: Policy::PLAIN };
}

#[diagnostic::do_not_recommend]
impl Asks for Sleep {
    type Meta = Slept;

    fn ask(self, cx: &Cx, writer: &mut Writer) {
        writer.wake = Some(self.time(&cx.state().clock));
    }
}

impl Suspends for Slept {
    type Answer = ();

    async fn answer(cx: &Cx, waits_for: WaitsFor) {
        cx.until(waits_for.wake.unwrap_or_default()).await;
        cx.tell(Tag::TimerFired, |text| text);
    }
}
