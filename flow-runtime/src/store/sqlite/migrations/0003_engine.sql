-- Events, sessions, definitions, keys of starts, searches, and histories that are not kept as a whole.

ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0; -- of several that wait, the highest goes first
ALTER TABLE runs ADD COLUMN key TEXT;                   -- who starts the workflow again with it gets this run
CREATE UNIQUE INDEX runs_by_key ON runs (workflow, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_user ON runs (user, created_at, id) WHERE user IS NOT NULL;
-- Those that somebody should be driving, and those that will not go on.
CREATE INDEX runs_at_work ON runs (workflow, driver, created_at, id) WHERE status IN ('running', 'undoing');
CREATE INDEX runs_by_end ON runs (updated_at, id) WHERE status IN ('completed', 'failed', 'cancelled');
DROP INDEX runs_by_workflow;
CREATE INDEX runs_by_workflow ON runs (workflow, status, created_at, id);

-- One row per write that brought events. Kept when the run has ended.
CREATE TABLE events (
    run    TEXT NOT NULL,
    seq    INTEGER NOT NULL,                -- the number of the last of them; they have no gaps, from 1 in each run
    events TEXT NOT NULL,                   -- JSON array of objects
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,            -- how often it has been written
    name       TEXT,
    user       TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    state      TEXT NOT NULL                -- JSON
);
CREATE INDEX sessions_by_time ON sessions (updated_at, id);
CREATE INDEX sessions_by_user ON sessions (user, updated_at, id) WHERE user IS NOT NULL;

-- The sessions there are: as their first runs would have made them.
INSERT INTO sessions (id, version, user, created_at, updated_at, state)
SELECT session, 1, user, created_at, created_at, 'null' FROM runs
WHERE session IS NOT NULL
    AND id = (SELECT id FROM runs AS first WHERE first.session = runs.session ORDER BY created_at, id LIMIT 1);

CREATE TABLE definitions (
    workflow    TEXT NOT NULL,
    version     INTEGER NOT NULL,           -- 1, 2, … in each workflow
    stage       TEXT NOT NULL,              -- draft, published
    label       TEXT,
    fingerprint TEXT NOT NULL,
    saved_at    INTEGER NOT NULL,
    definition  TEXT NOT NULL,              -- JSON
    PRIMARY KEY (workflow, version)
);

-- Where the history of a run begins of which the first checkpoints are not kept.
CREATE TABLE history_base (
    run    TEXT PRIMARY KEY NOT NULL,
    seq    INTEGER NOT NULL,                -- the last checkpoint that is not kept
    frames TEXT NOT NULL                    -- JSON: where it led
);
