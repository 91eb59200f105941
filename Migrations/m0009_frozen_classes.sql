-- What is hidden in the photos of a job is settled when the job is accepted: an import, or its removal, while it waits or before a
-- retry must not give one class of one job two secrets.

-- A list of pictures that was imported for a class at once. An earlier one stays as long as a job holds on to it.
CREATE TABLE picture_lists (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL REFERENCES api_keys (id),
    label      TEXT NOT NULL,
    -- Whether it is what imported_semantic_images has for the class now.
    is_current INTEGER NOT NULL CHECK (is_current IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX picture_lists_current ON picture_lists (tenant, label) WHERE is_current = 1;

CREATE TABLE listed_pictures (
    list     INTEGER NOT NULL REFERENCES picture_lists (id) ON DELETE CASCADE,
    -- From 0 without gaps.
    position INTEGER NOT NULL CHECK (position >= 0),
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (list, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX listed_pictures_by_blob ON listed_pictures (sha256);

-- The classes of a job's images. Without a list the generator draws, by the class's row in semantic_images, which never changes.
CREATE TABLE job_classes (
    job   INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    label TEXT NOT NULL,
    list  INTEGER REFERENCES picture_lists (id),
    PRIMARY KEY (job, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_classes_by_list ON job_classes (list);

-- What was accepted before goes on with the classes as they are now.
INSERT INTO picture_lists (tenant, label, is_current)
SELECT DISTINCT tenant, label, 1 FROM imported_semantic_images;

INSERT INTO listed_pictures (list, position, sha256)
SELECT picture_lists.id, position, sha256 FROM imported_semantic_images JOIN picture_lists USING (tenant, label);

INSERT INTO job_classes (job, label, list)
SELECT of_job.job, of_job.label, picture_lists.id
FROM (SELECT DISTINCT images.job, images.tenant, images.label FROM images
    JOIN jobs ON jobs.seq = images.job WHERE jobs.expired_at IS NULL) AS of_job
LEFT JOIN picture_lists ON picture_lists.tenant = of_job.tenant AND picture_lists.label = of_job.label;
