//! Where a stored run stands, put together from everything that is kept of it.

use std::collections::{BTreeMap, BTreeSet};

use flow_runtime::{
    AnyRun, Doing, Failure, Graph, NodeKind, OpenPause, Position, RunError,
    store::{CheckpointRecord, RunStatus},
};

use super::{
    Asked, Items, Mark, Standing, State,
    replay::{Told, checkpoints},
    trace::{At, Trace, around},
};
use crate::chart::{Chart, Item};

/// How many events are read at once.
const PAGE: u32 = 1000;
/// The point every graph begins with, and where a stored frame stands that has got to none.
const START: &str = "start";
const NOWHERE: &str = "=start";

impl Standing {
    /// Where a run stands now.
    ///
    /// What was done, and how often, is known from the run's events and from its checkpoints, whichever says more: an App that
    /// [stores](flow_runtime::AppBuilder::events) no events, or prunes them, knows less. A step after which nothing is saved,
    /// because it is the last one of its workflow or branch, is known to be done if events are stored, or if there was no
    /// other way.
    ///
    /// ```
    /// use flow_graph::{Standing, State, svg};
    /// use flow_runtime::prelude::*;
    ///
    /// #[step]
    /// async fn write(topic: String) -> Result<String, std::fmt::Error> {
    ///     Ok(format!("About {topic}"))
    /// }
    ///
    /// /// Is it good enough?
    /// #[pause]
    /// fn approve(draft: &str) -> bool;
    ///
    /// workflow! {
    ///     async fn article(topic: String) -> Result<bool, std::fmt::Error> {
    ///         let draft = write(topic).await?;
    ///         Ok(pause(approve(&draft)).await)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::builder().register::<Article>(()).build()?;
    /// let run = app.start::<Article>("bees".to_owned()).await?;
    /// run.wait().await?;
    ///
    /// let standing = Standing::of(run.any()).await?;
    /// let waiting: Vec<_> = standing.nodes.values().filter(|mark| mark.state == State::Waiting).collect();
    /// assert_eq!(waiting[0].pauses[0].id, "approve-1");
    /// let drawing = svg(&Article::GRAPH, &standing);
    /// # assert!(drawing.contains("is-waiting"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the store, and [`RunError::NotRegistered`].
    pub async fn of(run: &AnyRun) -> Result<Standing, RunError> {
        let graph = run.graph()?;
        let chart = Chart::of(&graph);
        let mut told = Told::new(graph, &chart);
        let mut next = 1;
        loop {
            let events = run.stored_events(next, PAGE).await?;
            events.iter().for_each(|event| told.event(event));
            match events.last().and_then(|event| event.seq) {
                Some(last) if events.len() >= PAGE as usize => next = last + 1,
                _ => break,
            }
        }
        let known = Known {
            status: run.status().await?,
            history: run.checkpoints().await?,
            positions: run.positions().await?,
            pauses: run.pauses().await?,
            failure: run.failure().await?,
        };
        let mut standing = put_together(graph, &chart, told, &known);
        standing.run = Some(run.id().to_owned());
        Ok(standing)
    }
}

/// What is kept of a run besides its events.
struct Known {
    status: RunStatus,
    history: Vec<CheckpointRecord>,
    positions: Vec<Position>,
    pauses: Vec<OpenPause>,
    failure: Option<Failure>,
}

fn put_together<'c>(graph: Graph, chart: &'c Chart, mut told: Told<'c>, known: &Known) -> Standing {
    let mut standing = Standing { status: Some(known.status), ..Standing::default() };
    let (mut kept, branches) = checkpoints(graph, chart, &known.history);
    match known.status {
        RunStatus::Running | RunStatus::Paused => now(&mut standing, &mut told, &mut kept, known),
        RunStatus::Failed | RunStatus::Undoing => failed(&mut standing, &mut told, &mut kept, known),
        RunStatus::Completed => kept.finish(""),
        _ => {}
    }
    for trace in [&told.trace, &kept] {
        for (at, times) in &trace.done {
            if let Some(mark) = mark(&mut standing, trace, *at) {
                mark.done = mark.done.max(*times);
                mark.state = mark.state.max(State::Done);
            }
        }
        for (level, from, to) in &trace.taken {
            let ids = [*from, *to].map(|node| id(trace, (*level, node)));
            if let [Some(from), Some(to)] = ids {
                standing.taken.insert((from, to));
            }
        }
    }
    let counted =
        |trace: &Trace<'_>, at: At| trace.levels[at.0].node(at.1).is_some_and(|node| node.name.ends_with(" for each"));
    for (at, done) in branches {
        if let Some(mark) = mark(&mut standing, &kept, at).filter(|_| counted(&kept, at)) {
            mark.items = Some(Items { done, all: None });
        }
    }
    for (at, (done, all)) in &told.branches {
        if let Some(mark) = mark(&mut standing, &told.trace, *at).filter(|_| counted(&told.trace, *at)) {
            mark.items = Some(Items { done: *done, all: Some(*all) });
        }
    }
    for (at, times) in &told.undone {
        if let Some(mark) = mark(&mut standing, &told.trace, *at) {
            mark.undone = *times;
        }
    }
    let ended = matches!(known.status, RunStatus::Completed | RunStatus::Cancelled);
    let trace = if told.any { &told.trace } else { &kept };
    let unsure = trace.unsure.iter().filter_map(|at| id(trace, *at)).collect();
    skip(&mut standing, chart, &unsure, ended);
    standing
}

/// The drawing's id of a node, if it is drawn.
fn id(trace: &Trace<'_>, (level, node): At) -> Option<String> {
    Some(trace.levels[level].chart?.nodes.get(node)?.id.clone())
}

fn mark<'s>(standing: &'s mut Standing, trace: &Trace<'_>, at: At) -> Option<&'s mut Mark> {
    Some(standing.nodes.entry(id(trace, at)?).or_default())
}

/// Marks a node and all that it is inside of.
fn set(standing: &mut Standing, trace: &mut Trace<'_>, path: &str, at: At, state: State) {
    let raise = |standing: &mut Standing, trace: &Trace<'_>, at: At| {
        if let Some(mark) = mark(standing, trace, at) {
            mark.state = mark.state.max(state);
        }
    };
    raise(standing, trace, at);
    let mut path = path;
    while let Some((outer, segment)) = around(path) {
        let fork = (!segment.ends_with("()")).then(|| trace.standing_at(outer, &[NodeKind::Fork])).flatten();
        let child = segment.ends_with("()").then(|| trace.level_of(path)).flatten();
        let child = child.and_then(|level| trace.levels[level].around);
        if let Some(at) = fork.or(child) {
            raise(standing, trace, at);
        }
        path = outer;
    }
}

/// The node of a position's point, and whether it is done there.
fn place_of(trace: &mut Trace<'_>, path: &str, point: &str) -> Option<(At, bool)> {
    let point = if point == NOWHERE { START } else { point };
    let at = trace.node_of(path, point)?;
    let kind = trace.levels[at.0].kind(at.1)?;
    let is_done = point != START && !matches!(kind, NodeKind::Pause | NodeKind::Timer | NodeKind::Fork);
    Some((at, is_done))
}

/// What a run does that has not ended.
fn now<'c>(standing: &mut Standing, told: &mut Told<'c>, kept: &mut Trace<'c>, known: &Known) {
    let has_below = |path: &str| {
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        known.positions.iter().any(|other| other.path != path && other.path.starts_with(&below))
    };
    let any = told.any;
    for position in &known.positions {
        let Position { path, at: point, doing, trying, .. } = position;
        let trace = if any { &mut told.trace } else { &mut *kept };
        let Some(((level, node), is_done)) = place_of(trace, path, point) else { continue };
        let tried = trying.as_ref().filter(|trying| !trying.step.is_empty());
        let step = tried.and_then(|tried| trace.step_from(path, (node, is_done), &tried.step));
        let (at, state) = match doing {
            Doing::IsDone => continue,
            Doing::Asks(_) => (Some(step.unwrap_or((level, node))), State::Waiting),
            Doing::Sleeps(_) => (Some(step.unwrap_or((level, node))), State::Sleeping),
            _ if has_below(path) => continue,
            _ => {
                let working = told.working.get(path).map(|(at, _)| *at).filter(|_| any);
                let trace = if any { &mut told.trace } else { &mut *kept };
                let waits = matches!(trace.levels[level].kind(node), Some(NodeKind::Pause | NodeKind::Timer));
                let next = step.or(working).or_else(|| trace.only_next(path, (node, is_done || waits)));
                (next, State::Working)
            }
        };
        let Some(at) = at else { continue };
        let trace = if any { &mut told.trace } else { &mut *kept };
        trace.advance_to(path, at.1);
        let attempt = told.working.get(path).filter(|(working, _)| *working == at && any).map(|(_, attempt)| *attempt);
        let trace = if any { &mut told.trace } else { &mut *kept };
        if state == State::Working && trace.levels[at.0].kind(at.1) == Some(NodeKind::Fork) {
            branches_begun(standing, trace, path, at, known);
        }
        set(standing, trace, path, at, state);
        let Some(mark) = mark(standing, trace, at) else { continue };
        mark.attempts = mark
            .attempts
            .max(tried.map_or(0, |tried| tried.failed + u32::from(state != State::Waiting)))
            .max(attempt.unwrap_or(0));
        mark.error = tried.filter(|tried| !tried.errors.is_empty()).map(|tried| tried.errors.join(": "));
        match doing {
            Doing::Sleeps(until) => mark.until = Some(*until),
            Doing::Asks(pause) => {
                let pause = known.pauses.iter().find(|open| open.id() == pause);
                mark.pauses.extend(pause.map(|open| Asked {
                    id: open.id().to_owned(),
                    question: open.question().to_owned(),
                    asked_at: open.asked_at(),
                    deadline: open.deadline(),
                }));
            }
            _ => {}
        }
    }
    // What has begun, and has not come to a first point.
    for (path, (at, attempt)) in told.working.clone() {
        if known.positions.iter().all(|position| position.path != path) {
            set(standing, &mut told.trace, &path, at, State::Working);
            if let Some(mark) = mark(standing, &told.trace, at) {
                mark.attempts = mark.attempts.max(attempt);
            }
        }
    }
}

/// The branches of a fork that have not come to a first point, if nobody has told of them.
fn branches_begun(standing: &mut Standing, trace: &mut Trace<'_>, path: &str, fork: At, known: &Known) {
    let Some(node) = trace.levels[fork.0].node(fork.1).filter(|node| !node.name.ends_with(" for each")) else { return };
    for branch in 0.. {
        let path = if path.is_empty() { String::new() } else { format!("{path}/") };
        let path = format!("{path}{}.{branch}", node.name);
        let Some((level, first)) = trace.node_of(&path, START) else { return };
        if level != fork.0 || known.positions.iter().any(|position| position.path.starts_with(&path)) {
            continue;
        }
        if let Some(at) = trace.only_next(&path, (first, false)) {
            set(standing, trace, &path, at, State::Working);
        }
    }
}

/// Where a run has failed.
fn failed<'c>(standing: &mut Standing, told: &mut Told<'c>, kept: &mut Trace<'c>, known: &Known) {
    let Some(failure) = &known.failure else { return };
    let (path, point) = (failure.path(), failure.after().unwrap_or(START));
    let by_event = told.failed.get(path).copied();
    let trace = if told.any { &mut told.trace } else { kept };
    let at = by_event.map(|(at, _)| at).or_else(|| {
        let tried = known.positions.iter().find(|position| position.path == path);
        let tried = tried.and_then(|position| position.trying.clone());
        let ((level, node), is_done) = match place_of(trace, path, point) {
            // Questions and timers do not fail: what comes after them does.
            Some(((level, node), is_done)) => {
                let kind = trace.levels[level].kind(node);
                ((level, node), is_done || matches!(kind, Some(NodeKind::Pause | NodeKind::Timer)))
            }
            None => ((trace.level_of(path)?, 0), true),
        };
        let step = tried.and_then(|tried| trace.step_from(path, (node, is_done), &tried.step));
        let next = step.or_else(|| trace.only_next(path, (node, is_done)));
        next.or_else(|| trace.decision(path, (node, is_done))).or(Some((level, node)))
    });
    let Some(at) = at else { return };
    if let Some(waited) = trace.standing_at(path, &[NodeKind::Pause, NodeKind::Timer]) {
        trace.complete(path, waited);
    }
    trace.advance_to(path, at.1);
    set(standing, trace, path, at, State::Failed);
    if let Some(mark) = mark(standing, trace, at) {
        mark.error = Some(failure.chain().join(": "));
        mark.attempts = by_event.map_or(0, |(_, attempt)| attempt);
    }
}

/// Marks what the run does not come to any more.
fn skip(standing: &mut Standing, chart: &Chart, unsure: &BTreeSet<String>, ended: bool) {
    let state =
        |standing: &Standing, item: &Item| standing.nodes.get(&item.id).map(|mark| mark.state).unwrap_or_default();
    let is_now = |standing: &Standing, item: &Item| state(standing, item) > State::Done;
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let is_unsure = |(node, item): (usize, &Item)| unsure.contains(&item.id).then_some(node);
    let mut work: Vec<usize> = chart.nodes.iter().enumerate().filter_map(is_unsure).collect();
    for (node, item) in chart.nodes.iter().enumerate().filter(|(_, item)| is_now(standing, item)) {
        // What its branches do is known of each of them.
        let branches = if item.is_fan_out() { None } else { chart.join_of(node) };
        match branches {
            Some(join) if chart.outs[node].iter().any(|_| has_now(standing, chart, node, join)) => work.push(join),
            _ => work.extend(chart.outs[node].iter().map(|arrow| chart.arrows[*arrow].to)),
        }
    }
    if work.is_empty() && !ended {
        return;
    }
    while let Some(node) = work.pop() {
        if reached.insert(node) {
            work.extend(chart.outs[node].iter().map(|arrow| chart.arrows[*arrow].to));
        }
    }
    for (node, item) in chart.nodes.iter().enumerate() {
        let now = state(standing, item);
        let gone = !reached.contains(&node);
        if now == State::Ahead && gone {
            standing.nodes.entry(item.id.clone()).or_default().state = State::Skipped;
        }
        let Some(inside) = &item.inside else { continue };
        match now {
            State::Ahead | State::Skipped if gone => skip(standing, inside, unsure, true),
            State::Ahead | State::Skipped => {}
            State::Done => {
                if gone {
                    skip(standing, inside, unsure, true);
                }
            }
            _ => skip(standing, inside, unsure, false),
        }
    }
}

/// Whether something in the branches of a fork goes on now.
fn has_now(standing: &Standing, chart: &Chart, fork: usize, join: usize) -> bool {
    let (mut seen, mut work) = (BTreeMap::new(), vec![fork]);
    while let Some(node) = work.pop() {
        for arrow in &chart.outs[node] {
            let to = chart.arrows[*arrow].to;
            if to != join && seen.insert(to, ()).is_none() {
                let mark = chart.nodes.get(to).and_then(|item| standing.nodes.get(&item.id));
                if mark.is_some_and(|mark| mark.state > State::Done) {
                    return true;
                }
                work.push(to);
            }
        }
    }
    false
}
