-- Who may answer, reminders, comments, and what became of a question.

ALTER TABLE pauses ADD COLUMN point TEXT NOT NULL DEFAULT '';              -- where in the frame it was asked
ALTER TABLE pauses ADD COLUMN allowed TEXT;                                -- JSON: who may answer; NULL for anyone
ALTER TABLE pauses ADD COLUMN remind_ms INTEGER;                           -- how often somebody is reminded of it
ALTER TABLE pauses ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;         -- how often somebody was
ALTER TABLE pauses ADD COLUMN asked_before INTEGER NOT NULL DEFAULT 0;     -- how often the same was asked before
ALTER TABLE pauses ADD COLUMN comment TEXT;                                -- what was said with the answer
ALTER TABLE pauses ADD COLUMN withdrawn_at INTEGER;                        -- when it was left without an answer

-- The last time the same was asked.
CREATE INDEX pauses_by_question ON pauses (run, path, point, name, seq);
