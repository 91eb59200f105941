-- What lets several machines share a queue, and one machine repeat an answer that it may have given.

-- Drawn at random for each claim. It fences off a worker that has lost its lease. It stays when the claim's own worker has ended
-- it, so that a repeated end is recognized; whoever else takes the image away removes it.
ALTER TABLE images ADD COLUMN claim BLOB CHECK (length(claim) = 16);

-- Leases of earlier versions have no token, so that nobody holds them any more.
UPDATE images SET lease_until = 0 WHERE state = 'running';

-- How often images of the job have ended in each way. An image that is tried again ends again.
ALTER TABLE jobs ADD COLUMN done_endings INTEGER NOT NULL DEFAULT 0 CHECK (done_endings >= 0);
ALTER TABLE jobs ADD COLUMN failed_endings INTEGER NOT NULL DEFAULT 0 CHECK (failed_endings >= 0);
ALTER TABLE jobs ADD COLUMN quarantined_endings INTEGER NOT NULL DEFAULT 0 CHECK (quarantined_endings >= 0);
ALTER TABLE jobs ADD COLUMN cancelled_endings INTEGER NOT NULL DEFAULT 0 CHECK (cancelled_endings >= 0);

UPDATE jobs SET done_endings = done_count, failed_endings = failed_count, quarantined_endings = quarantined_count,
    cancelled_endings = cancelled_count
WHERE expired_at IS NULL;

-- The same of all jobs that have expired or are erased. The table that counted every ending was one row that all wrote.
CREATE TABLE past_endings (
    state TEXT PRIMARY KEY CHECK (state IN ('done', 'failed', 'quarantined', 'cancelled')),
    total INTEGER NOT NULL CHECK (total >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO past_endings (state, total)
SELECT state, max(0, total - coalesce((
    SELECT sum(CASE ending_totals.state WHEN 'done' THEN done_endings WHEN 'failed' THEN failed_endings
        WHEN 'quarantined' THEN quarantined_endings ELSE cancelled_endings END)
    FROM jobs WHERE expired_at IS NULL), 0))
FROM ending_totals;

DROP TRIGGER images_ended;
DROP TRIGGER images_inserted_ended;
DROP TABLE ending_totals;

CREATE TRIGGER images_ended AFTER UPDATE OF state ON images
WHEN new.state IN ('done', 'failed', 'quarantined', 'cancelled') AND old.state IN ('queued', 'running')
BEGIN
    UPDATE images
    SET ending = 1 + (SELECT coalesce(max(ending), 0) FROM images WHERE job = new.job AND ending IS NOT NULL)
    WHERE id = new.id;
END;

-- Those that were refused while they were received.
CREATE TRIGGER images_inserted_ended AFTER INSERT ON images
WHEN new.state IN ('done', 'failed', 'quarantined', 'cancelled')
BEGIN
    UPDATE images
    SET ending = 1 + (SELECT coalesce(max(ending), 0) FROM images WHERE job = new.job AND ending IS NOT NULL)
    WHERE id = new.id;
END;

CREATE TRIGGER jobs_expired AFTER UPDATE OF expired_at ON jobs
WHEN old.expired_at IS NULL AND new.expired_at IS NOT NULL
BEGIN
    UPDATE past_endings SET total = total + CASE state WHEN 'done' THEN new.done_endings
        WHEN 'failed' THEN new.failed_endings WHEN 'quarantined' THEN new.quarantined_endings
        ELSE new.cancelled_endings END;
END;

CREATE TRIGGER jobs_erased AFTER DELETE ON jobs
WHEN old.expired_at IS NULL
BEGIN
    UPDATE past_endings SET total = total + CASE state WHEN 'done' THEN old.done_endings
        WHEN 'failed' THEN old.failed_endings WHEN 'quarantined' THEN old.quarantined_endings
        ELSE old.cancelled_endings END;
END;
