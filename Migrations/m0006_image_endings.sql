-- In which order the images of a job ended, so that a listener who was away can be told exactly what it missed.
-- The numbers come from triggers, so that no statement that ends an image can forget them, and in the same transaction.

-- From 1. An image that is tried again keeps its number until it ends again; then it gets a new, higher one.
ALTER TABLE images ADD COLUMN ending INTEGER CHECK (ending >= 1);

UPDATE images SET ending = ended.place
FROM (
    SELECT id, row_number() OVER (PARTITION BY job ORDER BY finished_at, number) AS place FROM images
    WHERE state IN ('done', 'failed', 'quarantined', 'cancelled')
) AS ended
WHERE images.id = ended.id;

CREATE UNIQUE INDEX images_by_ending ON images (job, ending) WHERE ending IS NOT NULL;

-- How many images have ever ended in each way, which jobs that are erased do not tell any more.
CREATE TABLE ending_totals (
    state TEXT PRIMARY KEY CHECK (state IN ('done', 'failed', 'quarantined', 'cancelled')),
    total INTEGER NOT NULL CHECK (total >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO ending_totals (state, total)
SELECT ended.state, count(images.id)
FROM (SELECT 'done' AS state UNION SELECT 'failed' UNION SELECT 'quarantined' UNION SELECT 'cancelled') AS ended
LEFT JOIN images ON images.state = ended.state
GROUP BY ended.state;

CREATE TRIGGER images_ended AFTER UPDATE OF state ON images
WHEN new.state IN ('done', 'failed', 'quarantined', 'cancelled') AND old.state IN ('queued', 'running')
BEGIN
    UPDATE images
    SET ending = 1 + (SELECT coalesce(max(ending), 0) FROM images WHERE job = new.job AND ending IS NOT NULL)
    WHERE id = new.id;
    UPDATE ending_totals SET total = total + 1 WHERE state = new.state;
END;

-- Those that were refused while they were received.
CREATE TRIGGER images_inserted_ended AFTER INSERT ON images
WHEN new.state IN ('done', 'failed', 'quarantined', 'cancelled')
BEGIN
    UPDATE images
    SET ending = 1 + (SELECT coalesce(max(ending), 0) FROM images WHERE job = new.job AND ending IS NOT NULL)
    WHERE id = new.id;
    UPDATE ending_totals SET total = total + 1 WHERE state = new.state;
END;
