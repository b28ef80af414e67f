-- Timers, deadlines, retries, undoing, and the history of a run.

ALTER TABLE runs ADD COLUMN deadline INTEGER;           -- when it has to be done
ALTER TABLE runs ADD COLUMN wake INTEGER;               -- when its next timer is due, should nobody drive it then
CREATE INDEX runs_by_wake ON runs (wake, id) WHERE wake IS NOT NULL;

ALTER TABLE frames ADD COLUMN wake INTEGER;             -- when the frame wants to be woken
ALTER TABLE frames ADD COLUMN trying TEXT;              -- JSON: what the engine notes of the step that is being tried
ALTER TABLE frames ADD COLUMN moves INTEGER NOT NULL DEFAULT 1; -- how many checkpoints the frame has made

ALTER TABLE pauses ADD COLUMN deadline INTEGER;         -- until when it can be answered
ALTER TABLE pauses ADD COLUMN expired_at INTEGER;       -- when it was found that nobody had

-- One row per checkpoint, the long texts last. Kept when the run has ended.
CREATE TABLE history (
    run      TEXT NOT NULL,
    seq      INTEGER NOT NULL,              -- 1, 2, … in each run
    time     INTEGER NOT NULL,
    path     TEXT NOT NULL,                 -- the frame that moved
    at       TEXT NOT NULL,                 -- the point it reached
    pause    TEXT,                          -- id of the pause it asked
    wake     INTEGER,                       -- when it wanted to be woken
    moves    INTEGER,                       -- how many checkpoints it has made; NULL for one more than before
    forget   TEXT,                          -- the frames whose path begins so were left behind
    keep     TEXT,                          -- JSON: of its bindings only these were kept; NULL for all
    bindings TEXT,                          -- JSON: its bindings that changed; NULL for none
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- What can be undone if a run fails or is cancelled, and what has been.
CREATE TABLE undos (
    run     TEXT NOT NULL,
    seq     INTEGER NOT NULL,               -- the checkpoint after which it is to be undone
    n       INTEGER NOT NULL,               -- its number among those of one checkpoint
    path    TEXT NOT NULL,
    step    TEXT NOT NULL,
    output  TEXT NOT NULL,                  -- JSON: what the step returned
    done_at INTEGER,
    failure TEXT,                           -- why it could not be undone
    PRIMARY KEY (run, seq, n)
) WITHOUT ROWID;

-- Runs that stand somewhere begin their history there.
INSERT INTO history (run, seq, path, at, pause, bindings, time)
SELECT frames.run, row_number() OVER (PARTITION BY frames.run ORDER BY frames.path), frames.path, frames.at, frames.pause,
    (SELECT '{' || group_concat(json_quote(name) || ':' || value, ',') || '}' FROM bindings
     WHERE bindings.run = frames.run AND bindings.path = frames.path),
    coalesce((SELECT updated_at FROM runs WHERE runs.id = frames.run), 0)
FROM frames;
