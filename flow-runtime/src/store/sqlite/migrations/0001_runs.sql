-- Times are milliseconds since the Unix epoch; input, output, failure, metadata, value, prompt, schema and answer are JSON.

-- One row per run. What every checkpoint looks at stands first, the long texts last.
CREATE TABLE runs (
    id          TEXT PRIMARY KEY NOT NULL,
    status      TEXT NOT NULL,              -- running, paused, completed, failed
    fence       INTEGER NOT NULL,           -- grows with every claim
    driver      TEXT,                       -- token of the claiming handle, see the file `<database>-driver-<token>`
    workflow    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session     TEXT,
    user        TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,           -- when the status last changed
    metadata    TEXT,
    input       TEXT NOT NULL,
    output      TEXT,
    failure     TEXT
);
CREATE INDEX runs_by_time ON runs (created_at, id);
CREATE INDEX runs_by_workflow ON runs (workflow, created_at, id);
CREATE INDEX runs_by_status ON runs (status, created_at, id);
CREATE INDEX runs_by_session ON runs (session, created_at, id) WHERE session IS NOT NULL;

-- Where each line of control of a run stands.
CREATE TABLE frames (
    run   TEXT NOT NULL,
    path  TEXT NOT NULL,                    -- empty for the body, `parallel.1` for a branch
    at    TEXT NOT NULL,                    -- name of the point
    pause TEXT,                             -- id of the pause it waits at
    PRIMARY KEY (run, path)
) WITHOUT ROWID;

-- What lives in a frame.
CREATE TABLE bindings (
    run   TEXT NOT NULL,
    path  TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, path, name)
) WITHOUT ROWID;

-- Questions to somebody outside. Kept when the run has ended.
CREATE TABLE pauses (
    seq         INTEGER PRIMARY KEY,        -- the order in which they were asked
    run         TEXT NOT NULL,
    id          TEXT NOT NULL,
    number      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    path        TEXT NOT NULL,
    question    TEXT NOT NULL,
    prompt      TEXT NOT NULL,
    schema      TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    answer      TEXT,                       -- NULL while nobody has answered
    answered_by TEXT,
    answered_at INTEGER,
    UNIQUE (run, id)
);
