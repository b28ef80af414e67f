//! Pauses and timers: what a frame waits for without working.

use std::marker::PhantomData;

use super::{Asks, CallKind, CallMeta, Cx, Halt, HasMeta, Suspends, WaitsFor, Writer};
use crate::{
    Policy, TimedOut,
    error::{Failure, Refusal},
    event::Tag,
    pause::{Answered, Ask, Pause, Reply},
    sleep::Sleep,
};

/// Marks the calls of a pause that give the workflow this kind of reply.
pub struct Question<P, R>(PhantomData<fn() -> (P, R)>);

impl<P: Pause, R: Reply> HasMeta for Question<P, R> {
    const META: CallMeta = P::META;
}

#[diagnostic::do_not_recommend]
impl<P: Pause, R: Reply> Asks for Ask<P, R> {
    type Meta = Question<P, R>;

    fn ask(self, cx: &Cx, writer: &mut Writer) {
        let asked = match self.into_asked() {
            Ok(asked) => asked,
            Err(chain) => return cx.request_halt(Halt::Failed(Failure::new(chain, cx.path(), None))),
        };
        let asked = cx.new_pause(asked);
        writer.pause = Some(asked.id.as_str().into());
        writer.wake = asked.wake_after(asked.asked_at);
        if let Some(checkpoint) = &mut writer.checkpoint {
            checkpoint.asked = Some(asked);
        }
    }
}

impl<P: Pause, R: Reply> Suspends for Question<P, R> {
    type Answer = R::Of<P::Answer>;

    async fn answer(cx: &Cx, waits_for: WaitsFor) -> Self::Answer {
        match R::of(answer::<P>(cx, waits_for).await) {
            Some(answer) => answer,
            // Without a deadline it does not pass.
            None => std::future::pending().await,
        }
    }
}

async fn answer<P: Pause>(cx: &Cx, waits_for: WaitsFor) -> Result<Answered<P::Answer>, TimedOut> {
    let WaitsFor { pause, wake } = waits_for;
    let Some(pause) = pause else {
        return cx.halt(Halt::Refused(Refusal::no_pause(cx.path(), P::META.name))).await;
    };
    let Some(answer) = cx.answer_to(&pause, wake).await else {
        return Err(TimedOut::pause(P::META.name, cx.state().span(&pause)));
    };
    match crate::json::decode(&answer.value) {
        Ok(value) => Ok(Answered::of(value, answer)),
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
