-- Who may answer, reminders, comments, and what became of a question.
ALTER TABLE flow.pauses
    ADD COLUMN point        text NOT NULL DEFAULT '',   -- where in the frame it was asked
    ADD COLUMN allowed      text,                       -- JSON: who may answer; NULL for anyone
    ADD COLUMN remind_ms    bigint,                     -- how often somebody is reminded of it
    ADD COLUMN reminded     bigint NOT NULL DEFAULT 0,  -- how often somebody was
    ADD COLUMN asked_before bigint NOT NULL DEFAULT 0,  -- how often the same was asked before
    ADD COLUMN comment      text,                       -- what was said with the answer
    ADD COLUMN withdrawn_at bigint;                     -- when it was left without an answer

-- The last time the same was asked.
CREATE INDEX pauses_by_question ON flow.pauses (run, path, point, name, ord);
