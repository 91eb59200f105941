-- The steps that an image may take, so that no statement can make it take another one.

CREATE TRIGGER images_take_legal_steps BEFORE UPDATE OF state ON images
WHEN old.state <> new.state AND (old.state, new.state) NOT IN (
    VALUES ('queued', 'running'), ('queued', 'cancelled'),
        ('running', 'queued'), ('running', 'done'), ('running', 'failed'), ('running', 'quarantined'),
        ('running', 'cancelled'),
        ('failed', 'queued'), ('quarantined', 'queued')
)
BEGIN
    SELECT raise(ABORT, 'an image cannot take this step');
END;

-- Pixels are what the keys' shares are measured in. Those of images that are here already are guessed from their bytes.

ALTER TABLE images ADD COLUMN pixels INTEGER NOT NULL DEFAULT 0 CHECK (pixels >= 0);
-- When the job was made, in milliseconds since 1970, less the head start of its priority: the earliest is claimed first.
ALTER TABLE images ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high'));
ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
-- Of all its images, whatever they are at.
ALTER TABLE jobs ADD COLUMN pixels INTEGER NOT NULL DEFAULT 0 CHECK (pixels >= 0);

UPDATE images SET pixels = min(coalesce(input_size, 0), 12500000) * 4,
    turn = (SELECT created_at FROM jobs WHERE seq = images.job);
UPDATE jobs SET turn = created_at, pixels = (SELECT coalesce(sum(pixels), 0) FROM images WHERE job = jobs.seq);

-- What each key has had of the machine, in pixels of virtual time.
CREATE TABLE fair_shares (
    tenant   TEXT PRIMARY KEY REFERENCES api_keys (id),
    started  INTEGER NOT NULL,
    finished INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX fair_shares_by_start ON fair_shares (started);

DROP INDEX images_running;
CREATE INDEX images_running ON images (tenant, pixels) WHERE state = 'running';
CREATE INDEX images_in_turn ON images (tenant, turn, job, number, available_at) WHERE state = 'queued';
DROP INDEX jobs_with_work;
CREATE INDEX jobs_unfinished ON jobs (tenant, turn) WHERE finished_at IS NULL;
