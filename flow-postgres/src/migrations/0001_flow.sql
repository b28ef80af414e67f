-- Times are milliseconds since the Unix epoch, unless they are of a type of time; input, output, failure, metadata, prompt,
-- schema, answer, state, event and the values of bindings are JSON, kept as the text it came as.
-- Texts compare byte by byte, as in the store's other kinds.

-- One row per run. Every write of a run begins with its row, so it is also the lock under which a run changes, and the
-- counters of what else is kept of it.
CREATE TABLE flow.runs (
    id          text COLLATE "C" PRIMARY KEY,
    status      text COLLATE "C" NOT NULL,  -- running, paused, undoing, completed, failed, cancelled
    fence       bigint NOT NULL,            -- grows with every claim
    driver      text COLLATE "C",           -- who claimed it, see `drivers`
    claim       bigint,                     -- the write that was its last claim: a repeated one is known by it
    seq         bigint NOT NULL,            -- number of its last checkpoint
    base        bigint NOT NULL DEFAULT 0,  -- number of the last checkpoint that is no longer kept, see `base_frames`
    events      bigint NOT NULL,            -- number of its last event
    ops         bigint[] NOT NULL,          -- its last writes, the newest first: a repeated one is known by it
    wake        bigint,                     -- when its next timer is due, should nobody drive it then
    deadline    bigint,                     -- when it has to be done
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,            -- when the status last changed
    priority    integer NOT NULL,
    workflow    text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    key         text COLLATE "C",           -- unique in its workflow
    session     text COLLATE "C",
    "user"      text COLLATE "C",
    metadata    text,
    labels      jsonb,                      -- the metadata as it is searched, if it is an object
    input       text NOT NULL,
    output      text,
    failure     text
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX runs_by_key ON flow.runs (workflow, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_time ON flow.runs (created_at, id);
CREATE INDEX runs_by_workflow ON flow.runs (workflow, created_at, id);
CREATE INDEX runs_by_status ON flow.runs (status, created_at, id);
CREATE INDEX runs_by_session ON flow.runs (session, created_at, id) WHERE session IS NOT NULL;
CREATE INDEX runs_by_user ON flow.runs ("user", created_at, id) WHERE "user" IS NOT NULL;
CREATE INDEX runs_by_label ON flow.runs USING gin (labels jsonb_path_ops);
CREATE INDEX runs_by_wake ON flow.runs (wake, id) WHERE wake IS NOT NULL;
CREATE INDEX runs_by_end ON flow.runs (updated_at, id) WHERE status IN ('completed', 'failed', 'cancelled');

-- The store handles that may drive runs, each with the time until which it counts as alive, by this server's clock.
CREATE TABLE flow.drivers (
    token      text COLLATE "C" PRIMARY KEY,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Where each line of control of a run stands.
CREATE TABLE flow.frames (
    run    text COLLATE "C" NOT NULL,
    path   text COLLATE "C" NOT NULL,       -- empty for the body, `parallel.1` for a branch
    at     text NOT NULL,                   -- name of the point
    pause  text COLLATE "C",                -- id of the pause it waits at
    wake   bigint,                          -- when it wants to be woken
    moves  bigint NOT NULL,                 -- how many checkpoints it has made
    trying text,                            -- JSON: what the engine notes of the step that is being tried
    PRIMARY KEY (run, path)
) WITH (fillfactor = 50);

-- What lives in a frame.
CREATE TABLE flow.bindings (
    run   text COLLATE "C" NOT NULL,
    path  text COLLATE "C" NOT NULL,
    name  text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (run, path, name)
) WITH (fillfactor = 70);

-- Questions to somebody outside. Kept when the run has ended.
CREATE TABLE flow.pauses (
    ord         bigint GENERATED ALWAYS AS IDENTITY, -- the order in which they were asked
    run         text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    name        text NOT NULL,
    path        text COLLATE "C" NOT NULL,
    question    text NOT NULL,
    prompt      text NOT NULL,
    schema      text NOT NULL,
    asked_at    bigint NOT NULL,
    deadline    bigint,                     -- until when it can be answered
    answer      text,                       -- NULL while nobody has answered
    answered_by text,
    answered_at bigint,
    expired_at  bigint,                     -- when it was found that nobody had
    PRIMARY KEY (run, id)
) WITH (fillfactor = 80);

-- One row per checkpoint. Kept when the run has ended.
CREATE TABLE flow.history (
    run    text COLLATE "C" NOT NULL,
    seq    bigint NOT NULL,                 -- 1, 2, … in each run
    time   bigint NOT NULL,
    path   text COLLATE "C" NOT NULL,       -- the frame that moved
    at     text NOT NULL,                   -- the point it reached
    pause  text,                            -- id of the pause it asked
    wake   bigint,                          -- when it wanted to be woken
    moves  bigint,                          -- how many checkpoints it has made; NULL for one more than before
    forget text,                            -- the frames whose path begins so were left behind
    keep   text[],                          -- of its bindings only these were kept; NULL for all
    names  text[],                          -- its bindings that changed; NULL for none
    texts  text[],                          -- and their values
    PRIMARY KEY (run, seq)
);

-- The frames after the last checkpoint that is no longer kept.
CREATE TABLE flow.base_frames (
    run   text COLLATE "C" NOT NULL,
    path  text COLLATE "C" NOT NULL,
    at    text NOT NULL,
    pause text,
    wake  bigint,
    moves bigint NOT NULL,
    names text[] NOT NULL,
    texts text[] NOT NULL,
    PRIMARY KEY (run, path)
);

-- What can be undone if a run fails or is cancelled, and what has been.
CREATE TABLE flow.undos (
    run     text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,                -- the checkpoint after which it is to be undone
    n       bigint NOT NULL,                -- its number among those of one checkpoint
    path    text NOT NULL,
    step    text NOT NULL,
    output  text NOT NULL,                  -- JSON: what the step returned
    done_at bigint,
    failure text,                           -- why it could not be undone
    PRIMARY KEY (run, seq, n)
);

-- What happened in a run.
CREATE TABLE flow.events (
    run   text COLLATE "C" NOT NULL,
    seq   bigint NOT NULL,                  -- 1, 2, … in each run
    event text NOT NULL,
    PRIMARY KEY (run, seq)
);

-- What several runs have in common.
CREATE TABLE flow.sessions (
    id         text COLLATE "C" PRIMARY KEY,
    version    bigint NOT NULL,             -- how often it has been written
    ops        bigint[] NOT NULL,           -- its last writes, the newest first: a repeated one is known by it
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    "user"     text COLLATE "C",
    name       text,
    state      text NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX sessions_by_time ON flow.sessions (updated_at, id);
CREATE INDEX sessions_by_user ON flow.sessions ("user", updated_at, id) WHERE "user" IS NOT NULL;

-- What workflows looked like.
CREATE TABLE flow.definitions (
    workflow    text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    stage       text NOT NULL,              -- draft, published
    label       text,
    saved_at    bigint NOT NULL,
    fingerprint text NOT NULL,
    definition  text NOT NULL,
    PRIMARY KEY (workflow, version)
);
