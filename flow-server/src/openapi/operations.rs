//! All operations: what they are called, take, need and give.

use super::schemas::Kind;

/// The groups of operations.
pub(super) const TAGS: [(&str, &str); 7] = [
    ("workflows", "The workflows of the program."),
    ("runs", "Runs of workflows."),
    ("pauses", "What runs ask, and the answers."),
    ("links", "Links that let somebody without an account answer one question."),
    ("sessions", "States that runs share."),
    ("files", "Files that came with the start of a run."),
    ("service", "The server itself."),
];

/// An operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    /// The access it needs; none if anyone may.
    pub(super) needs: Option<&'static str>,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Option<Kind>,
    /// Whether the body may be left out.
    pub(super) may_be_empty: bool,
    pub(super) responses: &'static [(u16, &'static str, Body)],
    /// The statuses of the problems it may have, besides those that every operation may have.
    pub(super) problems: &'static [u16],
}

/// What a response carries.
pub(super) enum Body {
    None,
    Json(Kind),
    /// One of these, as the caller wants.
    Any(&'static [&'static str]),
    /// Events as a stream, or a JSON page of this kind.
    Events(Kind),
}

/// A parameter that is no part of the path.
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) schema: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Place {
    Query,
    Header,
}

const fn query(name: &'static str, schema: &'static str, doc: &'static str) -> Parameter {
    Parameter { place: Place::Query, name, doc, schema }
}

const fn header(name: &'static str, schema: &'static str, doc: &'static str) -> Parameter {
    Parameter { place: Place::Header, name, doc, schema }
}

const TEXT: &str = r#"{"type":"string"}"#;
const TIME: &str =
    r#"{"type":"integer","format":"int64","minimum":-9223372036854775808,"maximum":9223372036854775807}"#;
const NUMBER: &str = r#"{"type":"integer","format":"int64","minimum":0,"maximum":9223372036854775807}"#;

const LIMIT: Parameter = query(
    "limit",
    r#"{"type":"integer","minimum":1,"maximum":1000,"default":50}"#,
    "How many at most. A page that has become large ends earlier; `next` says whether there is another.",
);
const AFTER: Parameter = query(
    "after",
    r#"{"type":"string","pattern":"^-?[0-9]{1,18}[.].+$"}"#,
    "Where the page before ended: what it said as `next`.",
);
const STATUS: Parameter = query(
    "status",
    r#"{"type":"array","items":{"enum":["running","paused","undoing","completed","failed","cancelled"]}}"#,
    "Only those that stand so; may be repeated.",
);
const WORKFLOW: Parameter = query("workflow", TEXT, "Only those of this workflow.");
const SESSION: Parameter = query("session", TEXT, "Only those of this session.");
const USER: Parameter = query("user", TEXT, "Only those on behalf of this user.");
const SINCE: Parameter = query("from", TIME, "Only those started at this time or later.");
const BEFORE: Parameter = query("before", TIME, "Only those started before this time.");
const METADATA: Parameter = query(
    "metadata",
    r#"{"type":"object"}"#,
    "Only those that were started with this metadata: `metadata[source]=web`, or `metadata.source=web`. A value is JSON; what is \
     none is a text.",
);

// A preference that is not understood is ignored, as RFC 7240 says, so there is no pattern.
const WAIT: Parameter = header(
    "Prefer",
    r#"{"type":"string","examples":["wait=5"]}"#,
    "`wait=5`: answer when the run has ended or asks, or after 5 seconds.",
);
const KEY: Parameter = header(
    "Idempotency-Key",
    r#"{"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]+$"}"#,
    "Whoever sends the same again gets what the first has done.",
);
const FORMAT: Parameter =
    query("format", r#"{"enum":["json","svg","mermaid","dot"],"default":"json"}"#, "In which form.");
const DRAWING: Body = Body::Any(&["application/json", "image/svg+xml", "text/plain"]);

/// What most operations are: a `GET` for those who may read.
const GET: Operation = Operation {
    method: "get",
    path: "",
    id: "",
    tag: "runs",
    needs: Some("read"),
    summary: "",
    parameters: &[],
    body: None,
    may_be_empty: false,
    responses: &[],
    problems: &[],
};

const POST: Operation = Operation { method: "post", problems: &[404, 409, 413, 415, 422], ..GET };

const FINDS: &[u16] = &[404];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/api/workflows",
        id: "listWorkflows",
        tag: "workflows",
        summary: "Lists the workflows.",
        responses: &[(200, "The workflows.", Body::Json(Kind::Workflows))],
        ..GET
    },
    Operation {
        path: "/api/workflows/{workflow}",
        id: "getWorkflow",
        tag: "workflows",
        summary: "Tells what a workflow is.",
        responses: &[(200, "The workflow, with its definition.", Body::Json(Kind::Workflow))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/workflows/{workflow}/graph",
        id: "getWorkflowGraph",
        tag: "workflows",
        summary: "Draws a workflow.",
        parameters: &[FORMAT],
        responses: &[(200, "The drawing: a layout as JSON, or in another form.", DRAWING)],
        problems: &[404, 409],
        ..GET
    },
    Operation {
        path: "/api/workflows/{workflow}/definitions",
        id: "listDefinitions",
        tag: "workflows",
        summary: "Lists the stored definitions of a workflow, the newest first.",
        responses: &[(200, "The definitions.", Body::Json(Kind::Definitions))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/workflows/{workflow}/definitions",
        id: "saveDefinition",
        tag: "workflows",
        needs: Some("admin"),
        summary: "Stores what the workflow is now.",
        body: Some(Kind::SaveBody),
        may_be_empty: true,
        responses: &[(201, "What is stored now.", Body::Json(Kind::Definition))],
        ..POST
    },
    Operation {
        path: "/api/workflows/{workflow}/diff",
        id: "diffDefinitions",
        tag: "workflows",
        summary: "Tells how a stored definition differs from another, or from the program.",
        parameters: &[
            query("from", TEXT, "The version or label before; without it, the last one."),
            query("to", TEXT, "The version or label after; without it, what the program has."),
        ],
        responses: &[(200, "What has changed.", Body::Json(Kind::Diff))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/workflows/{workflow}/runs",
        id: "startRun",
        needs: Some("run"),
        summary: "Starts a run.",
        parameters: &[WAIT, KEY],
        body: Some(Kind::StartBody),
        responses: &[
            (200, "What the run has come to.", Body::Events(Kind::Run)),
            (202, "The run has begun.", Body::Json(Kind::Run)),
        ],
        ..POST
    },
    Operation {
        path: "/api/runs",
        id: "listRuns",
        summary: "Lists runs, the newest first.",
        parameters: &[WORKFLOW, STATUS, SESSION, USER, SINCE, BEFORE, METADATA, LIMIT, AFTER],
        responses: &[(200, "A page of runs.", Body::Json(Kind::Runs))],
        ..GET
    },
    Operation {
        path: "/api/runs/{run}",
        id: "getRun",
        summary: "Tells all that is known of a run.",
        responses: &[(200, "The run.", Body::Json(Kind::Show))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/steps",
        id: "listSteps",
        summary: "Lists the attempts at the steps of a run.",
        responses: &[(200, "The attempts.", Body::Json(Kind::Steps))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/checkpoints",
        id: "listCheckpoints",
        summary: "Lists the checkpoints of a run: where a copy of it can begin.",
        responses: &[(200, "The checkpoints.", Body::Json(Kind::Checkpoints))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/checkpoints/{seq}",
        id: "getCheckpoint",
        summary: "Tells where a run stood right after a checkpoint, and what lived there.",
        responses: &[(200, "Where it stood.", Body::Json(Kind::Frames))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/graph",
        id: "getRunGraph",
        summary: "Draws a workflow, and where a run of it stands.",
        parameters: &[FORMAT],
        responses: &[(200, "The drawing: a layout and a standing as JSON, or in another form.", DRAWING)],
        problems: &[404, 409],
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/events",
        id: "readEvents",
        summary: "Streams what has happened in a run, and then what happens. The stream ends with the event `end` when the run has \
                  ended, and with `shutdown` when the server has; it is taken up with `Last-Event-ID`.",
        parameters: &[
            query("from", NUMBER, "The number of the first event."),
            query(
                "limit",
                r#"{"type":"integer","minimum":1,"maximum":5000,"default":500}"#,
                "How many at most, as JSON.",
            ),
            header("Last-Event-ID", r#"{"type":"string","pattern":"^[0-9]{1,18}$"}"#, "The last event that was read."),
        ],
        responses: &[
            (200, "The events: a stream, or, for `Accept: application/json`, a page.", Body::Events(Kind::Events)),
            (204, "The run ended with the event that `Last-Event-ID` names.", Body::None),
        ],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/cancel",
        id: "cancelRun",
        needs: Some("run"),
        summary: "Cancels a run.",
        responses: &[(200, "The run.", Body::Json(Kind::Run))],
        problems: &[404, 409],
        ..POST
    },
    Operation {
        path: "/api/runs/{run}/retry",
        id: "retryRun",
        needs: Some("run"),
        summary: "Goes on with a run that has failed.",
        parameters: &[WAIT],
        responses: &[
            (200, "What the run has come to.", Body::Json(Kind::Run)),
            (202, "The run goes on.", Body::Json(Kind::Run)),
        ],
        problems: &[404, 409],
        ..POST
    },
    Operation {
        path: "/api/runs/{run}/fork",
        id: "forkRun",
        needs: Some("run"),
        summary: "Starts a copy of a run from right after a checkpoint, with other values if wanted.",
        parameters: &[WAIT, KEY],
        body: Some(Kind::ForkBody),
        responses: &[(201, "The copy has begun.", Body::Json(Kind::Run))],
        problems: &[404, 409, 410, 413, 415, 422],
        ..POST
    },
    Operation {
        path: "/api/pauses",
        id: "listOpenPauses",
        tag: "pauses",
        summary: "Lists what waits for an answer, over all runs. A page ends when 1,000 runs were looked at, also with nothing on \
                  it; `next` says where to go on.",
        parameters: &[
            WORKFLOW,
            query(
                "role",
                r#"{"type":"array","items":{"type":"string"}}"#,
                "Only those somebody with this role may answer; may be repeated.",
            ),
            query("user", TEXT, "Only those this user may answer."),
            LIMIT,
            AFTER,
        ],
        responses: &[(200, "A page of questions.", Body::Json(Kind::Waitings))],
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/pauses",
        id: "listPauses",
        tag: "pauses",
        summary: "Lists all questions of a run, and what became of them.",
        responses: &[(200, "The questions.", Body::Json(Kind::Pauses))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/pauses/{pause}",
        id: "getPause",
        tag: "pauses",
        summary: "Tells what a question is.",
        responses: &[(200, "The question.", Body::Json(Kind::Pause))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/runs/{run}/pauses/{pause}/answer",
        id: "answerPause",
        tag: "pauses",
        needs: Some("answer"),
        summary: "Answers a question.",
        parameters: &[WAIT, KEY],
        body: Some(Kind::AnswerBody),
        responses: &[(200, "The answer counts.", Body::Json(Kind::Answered))],
        problems: &[404, 409, 410, 413, 415, 422],
        ..POST
    },
    Operation {
        path: "/api/runs/{run}/pauses/{pause}/link",
        id: "makeLink",
        tag: "links",
        needs: Some("admin"),
        summary: "Makes a link that lets somebody answer a question, once and for a while.",
        body: Some(Kind::LinkBody),
        may_be_empty: true,
        responses: &[(201, "The link.", Body::Json(Kind::Link))],
        ..POST
    },
    Operation {
        path: "/api/links/{token}",
        id: "getLink",
        tag: "links",
        needs: None,
        summary: "Tells what a link asks.",
        responses: &[(200, "The question.", Body::Json(Kind::LinkShow))],
        problems: &[404, 410],
        ..GET
    },
    Operation {
        path: "/api/links/{token}",
        id: "answerLink",
        tag: "links",
        needs: None,
        summary: "Answers what a link asks.",
        body: Some(Kind::LinkAnswerBody),
        responses: &[(200, "The answer counts.", Body::Json(Kind::LinkShow))],
        problems: &[404, 409, 410, 413, 415, 422],
        ..POST
    },
    Operation {
        path: "/api/sessions",
        id: "listSessions",
        tag: "sessions",
        summary: "Lists sessions, those that were written last first.",
        parameters: &[query("user", TEXT, "Only those of this user."), LIMIT, AFTER],
        responses: &[(200, "A page of sessions.", Body::Json(Kind::Sessions))],
        ..GET
    },
    Operation {
        path: "/api/sessions/{session}",
        id: "getSession",
        tag: "sessions",
        summary: "Tells a session's state and its last runs.",
        responses: &[(200, "The session.", Body::Json(Kind::Session))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/sessions/{session}",
        id: "renameSession",
        method: "patch",
        tag: "sessions",
        needs: Some("admin"),
        summary: "Gives a session another name.",
        body: Some(Kind::RenameBody),
        responses: &[(200, "The session.", Body::Json(Kind::SessionLine))],
        ..POST
    },
    Operation {
        path: "/api/sessions/{session}",
        id: "deleteSession",
        method: "delete",
        tag: "sessions",
        needs: Some("admin"),
        summary: "Deletes a session with its state and its runs, unless one of them has not ended.",
        responses: &[(204, "It is gone.", Body::None)],
        problems: &[404, 409],
        ..GET
    },
    Operation {
        path: "/api/sessions/{session}/runs",
        id: "listSessionRuns",
        tag: "sessions",
        summary: "Lists the runs of a session, the newest first.",
        parameters: &[WORKFLOW, STATUS, USER, SINCE, BEFORE, METADATA, LIMIT, AFTER],
        responses: &[(200, "A page of runs.", Body::Json(Kind::SessionRuns))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/files/{file}",
        id: "readFile",
        tag: "files",
        summary: "Reads a file that came with the start of a run.",
        responses: &[(200, "The content.", Body::Any(&["application/octet-stream"]))],
        problems: FINDS,
        ..GET
    },
    Operation {
        path: "/api/stats",
        id: "getStats",
        tag: "service",
        summary: "Counts runs by workflow and status.",
        parameters: &[WORKFLOW, STATUS, SESSION, USER, SINCE, BEFORE, METADATA],
        responses: &[(200, "The counts.", Body::Json(Kind::Stats))],
        ..GET
    },
    Operation {
        path: "/api/me",
        id: "getMe",
        tag: "service",
        summary: "Tells who asks, as the server knows them.",
        responses: &[(200, "Who asks.", Body::Json(Kind::Me))],
        ..GET
    },
    Operation {
        path: "/healthz",
        id: "getHealth",
        tag: "service",
        needs: None,
        summary: "Tells that the process answers.",
        responses: &[(200, "It does.", Body::Json(Kind::Health))],
        ..GET
    },
    Operation {
        path: "/readyz",
        id: "getReadiness",
        tag: "service",
        needs: None,
        summary: "Tells that the store answers, too, and that the server is not about to end.",
        responses: &[(200, "It does, and is not.", Body::Json(Kind::Health))],
        ..GET
    },
    Operation {
        path: "/metrics",
        id: "getMetrics",
        tag: "service",
        summary: "Numbers for Prometheus.",
        responses: &[(200, "The numbers.", Body::Any(&["text/plain"]))],
        ..GET
    },
    Operation {
        path: "/openapi.json",
        id: "getOpenapi",
        tag: "service",
        summary: "This description.",
        responses: &[(200, "The description.", Body::Any(&["application/json"]))],
        ..GET
    },
];
