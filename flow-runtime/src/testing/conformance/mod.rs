//! What every store must do, as cases that any store can be put through.
//!
//! ```
//! use std::sync::Arc;
//! use flow_runtime::{Memory, Store, testing::conformance::{Opened, Place}};
//!
//! /// Content that can be opened several times, each time as another process would.
//! struct InMemory(Memory);
//!
//! impl Place for InMemory {
//!     fn open(&self) -> Opened<'_> {
//!         let store: Arc<dyn Store> = Arc::new(self.0.reopen());
//!         Box::pin(std::future::ready(store))
//!     }
//! }
//!
//! // A `#[tokio::test]` for each case, with a place of its own.
//! flow_runtime::store_conformance!(async { InMemory(Memory::new()) });
//! # fn main() {}
//! ```

#![allow(clippy::unwrap_used, reason = "a case that panics has found a fault")]

mod asks;
mod definitions;
mod events;
mod history;
mod prune;
mod queries;
mod runs;
mod sessions;
mod timers;
mod undo;

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use crate::store::{
    Answer, AnswerReceipt, Beginning, Binding, Checkpoint, Claim, Created, Effects, Finish, FrameRecord, NewPause,
    NewRun, PauseRecord, RunFilter, RunStatus, Store, StoreError,
};

/// A store about to be opened.
pub type Opened<'a> = Pin<Box<dyn Future<Output = Arc<dyn Store>> + Send + 'a>>;

/// Content that can be opened several times, each time as another process would.
///
/// Every case gets a place of its own, with nothing in it.
pub trait Place: Send + Sync {
    /// Opens it.
    fn open(&self) -> Opened<'_>;

    /// Lets go of what was [opened](Self::open), as a process that ends in order. When this is done, its claims are free.
    fn close(&self, store: Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        drop(store);
        Box::pin(std::future::ready(()))
    }
}

/// Makes a test of every case: `store_conformance!(async { … })`, where the block makes a new [`Place`].
///
/// The tests need `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! store_conformance {
    ($place:expr) => {
        $crate::conformance_cases!(conformance_tests { $place });
    };
}

/// The names of the cases, for another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($then:ident $more:tt) => {
        $crate::$then! {
            $more
            runs {
                a_new_run_is_found_as_it_was_written an_unknown_run_is_named an_id_is_taken_once
                runs_are_listed_newest_first_and_filtered a_checkpoint_changes_what_it_names_and_nothing_else
                forgetting_takes_exactly_the_paths_that_begin_so forgetting_nothing_in_particular_takes_all
                a_checkpoint_keeps_only_the_bindings_it_names a_checkpoint_may_write_the_frame_it_forgets
                an_old_fence_writes_nothing a_released_run_can_be_claimed_and_not_written
                a_claim_is_busy_until_its_handle_is_gone clones_keep_a_claim many_claim_and_one_gets_it
                parking_waits_for_no_answer_that_is_there an_answer_to_another_frames_pause_counts_too
                a_completed_run_loses_its_frames a_failed_run_keeps_its_frames of_many_answers_one_is_accepted
                an_answer_to_nothing_is_refused pauses_come_in_the_order_asked some_pauses_are_read_with_the_last everything_is_there_after_reopening
                many_writers_lose_nothing a_refusal_in_a_group_undoes_nobody_else any_text_is_kept
            }
            timers {
                a_claim_holds_until_it_ends one_frame_is_read_with_its_bindings moves_are_counted
                a_mark_moves_nothing a_mark_makes_the_frame_that_is_not_there a_mark_may_ask
                a_checkpoint_brings_the_wake_forward parking_waits_for_the_earliest_timer a_deadline_wakes_a_run
                claiming_pushes_the_timer_away due_runs_come_the_earliest_first
                a_driven_run_is_due_when_its_driver_is_dead what_has_ended_is_never_due a_pause_expires_once
                an_expired_pause_is_news an_answer_at_the_deadline_is_too_late unknown_runs_have_no_timers
            }
            asks {
                a_question_is_kept_as_it_was_asked how_often_the_same_was_asked_is_counted
                a_run_that_begins_somewhere_goes_on_counting a_reminder_is_counted_and_sets_the_next
                of_what_is_done_nobody_is_reminded what_is_withdrawn_is_noted
            }
            history {
                checkpoints_are_numbered_without_gaps a_history_outlives_its_run what_is_not_kept_is_not_told
                frames_are_told_as_they_were what_was_marked_is_not_told values_come_back_as_they_were_written
                a_run_can_begin_where_another_stood a_run_that_begins_somewhere_has_a_history
                a_run_without_frames_begins_at_the_start a_group_numbers_each_run_on_its_own
                unknown_runs_have_no_history
            }
            undo {
                a_run_is_cancelled_whoever_drives_it a_paused_run_is_cancelled what_has_ended_is_not_cancelled
                a_cancelled_run_waits_for_nothing a_cancelled_run_is_undone_first
                what_is_undone_need_not_be_undone_again a_failed_run_is_undone_by_its_driver
                undos_come_in_the_order_of_what_was_done a_mark_may_carry_undos an_undo_is_done_or_failed
                a_failed_run_goes_on only_a_failed_run_is_reopened a_failed_run_with_untried_undos_goes_on
                where_there_is_nothing_to_undo_a_run_ends
                who_listens_hears_of_every_end what_no_checkpoint_has_told_is_undone_too
                what_could_not_be_undone_is_tried_again a_run_that_was_undone_stays_as_it_is
                unknown_runs_cannot_be_undone
            }
            queries {
                an_idempotent_start_gives_the_first_run many_start_with_one_key_and_one_run_is_made
                runs_are_filtered_by_all_that_is_known_of_them pages_show_every_run_once
                runs_are_counted_by_workflow_and_status a_run_of_a_dead_driver_is_abandoned
                a_run_that_was_given_back_is_abandoned what_waits_or_has_ended_is_not_abandoned
            }
            events {
                events_are_numbered_without_gaps events_come_with_what_brought_them what_has_no_effect_tells_nothing
                many_tell_and_no_event_is_lost events_are_read_in_pages events_are_kept_as_they_were_told
                unknown_runs_tell_nothing
            }
            sessions {
                a_session_is_written_and_read a_session_is_written_on_the_version_that_was_read
                a_checkpoint_brings_a_session_along a_finish_brings_a_session_along a_start_brings_a_session_along
                a_run_makes_its_session many_count_and_none_is_lost sessions_are_listed_in_pages
                a_session_is_deleted_with_its_runs
            }
            definitions {
                a_draft_is_replaced_and_a_published_one_stays the_same_definition_is_saved_once
                a_label_belongs_to_one_version definitions_are_listed_by_workflow
            }
            prune {
                old_runs_are_pruned_with_all_that_is_theirs the_session_of_a_run_is_pruned_with_it
                a_long_history_is_cut what_can_be_undone_is_not_cut a_cut_history_goes_on
                what_a_frame_waits_for_is_not_cut where_a_cut_history_begins_is_not_cut pruning_goes_in_batches
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ({ $place:expr } $($group:ident { $($case:ident)* })*) => {
        $($(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let place = $place.await;
                $crate::testing::conformance::check(stringify!($case), &place).await;
            }
        )*)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_dispatch {
    ({ $name:ident $place:ident } $($group:ident { $($case:ident)* })*) => {
        match $name {
            $($(stringify!($case) => $group::$case($place).await,)*)*
            other => panic!("there is no case `{other}`"),
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_names {
    ({ } $($group:ident { $($case:ident)* })*) => {
        &[$($(stringify!($case),)*)*]
    };
}

/// The names of all cases.
pub const CASES: &[&str] = conformance_cases!(conformance_names {});

/// Puts a store through one of the [`CASES`].
///
/// # Panics
/// When the store does not do what every store must do, and for a name that is none of the cases'.
pub async fn check(case: &str, place: &dyn Place) {
    conformance_cases!(conformance_dispatch { case place })
}

async fn create(store: &dyn Store, run: &NewRun) -> Result<u64, StoreError> {
    create_from(store, run, &[], &[]).await
}

async fn create_from(
    store: &dyn Store,
    run: &NewRun,
    frames: &[FrameRecord],
    pauses: &[PauseRecord],
) -> Result<u64, StoreError> {
    let beginning = Beginning { frames: frames.to_vec(), pauses: pauses.to_vec(), effects: Effects::default() };
    match store.create(run, &beginning).await? {
        Created::Created(fence) => Ok(fence),
        Created::Existing(run) => panic!("no key was given, but there is run `{run}`"),
    }
}

fn new_run(id: &str) -> NewRun {
    NewRun {
        id: id.to_owned(),
        workflow: "content-creation".to_owned(),
        fingerprint: "f00d".to_owned(),
        input: r#"{"topic":"rust"}"#.to_owned(),
        session: Some("s-1".to_owned()),
        user: None,
        metadata: Some(r#"{"source":"test"}"#.to_owned()),
        created_at: 1_000,
        ..NewRun::default()
    }
}

fn binding(name: &'static str, value: &str) -> Binding {
    Binding { name: name.into(), value: value.to_owned() }
}

fn step(path: &str, at: &'static str, bindings: &[(&'static str, &str)]) -> Checkpoint {
    Checkpoint {
        path: path.into(),
        at: at.into(),
        bindings: bindings.iter().map(|(name, value)| binding(name, value)).collect(),
        ..Checkpoint::default()
    }
}

fn asks(path: &str, at: &'static str, number: u64) -> Checkpoint {
    let asked = NewPause {
        id: format!("approve-{number}"),
        number,
        name: "approve".to_owned(),
        path: path.to_owned(),
        question: "Shall it be published?".to_owned(),
        prompt: r#"{"draft":"…"}"#.to_owned(),
        schema: r#"{"type":"boolean"}"#.to_owned(),
        asked_at: 2_000,
        point: at.to_owned(),
        allowed: Some(r#"{"users":[],"roles":["editor"],"except":[]}"#.to_owned()),
        ..NewPause::default()
    };
    Checkpoint { asked: Some(asked), ..step(path, at, &[]) }
}

fn forgets(path: &str, at: &'static str, prefix: &str) -> Checkpoint {
    Checkpoint { forget: Some(prefix.to_owned()), ..step(path, at, &[]) }
}

fn yes(by: &str) -> Answer {
    Answer { value: "true".to_owned(), by: Some(by.to_owned()), at: 3_000, comment: None }
}

/// Path to point, pause and bindings; the order of bindings is the store's own affair.
type Frames = BTreeMap<String, (String, Option<String>, BTreeMap<String, String>)>;

async fn frames(store: &dyn Store, run: &str) -> Frames {
    let frames = store.frames(run).await.unwrap();
    let pair = |binding: Binding| (binding.name.into_owned(), binding.value);
    frames
        .into_iter()
        .map(|frame| (frame.path, (frame.at, frame.pause, frame.bindings.into_iter().map(pair).collect())))
        .collect()
}

async fn paths(store: &dyn Store, run: &str) -> Vec<String> {
    frames(store, run).await.into_keys().collect()
}

fn fenced<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(&result, Err(StoreError::Fenced { run }) if run == "r"), "{result:?}");
}

fn unknown<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(&result, Err(StoreError::UnknownRun { run }) if run == "nobody"), "{result:?}");
}
