-- What keeps the database quick as it grows: expired jobs stay a week as rows, and are passed over by indexes without them.

DROP INDEX jobs_of_tenant;
CREATE INDEX jobs_kept ON jobs (tenant, seq) WHERE expired_at IS NULL;
CREATE INDEX jobs_kept_by_state ON jobs (state) WHERE expired_at IS NULL;
-- The failures of a job, which each look at it shows, among thousands of images that are well.
CREATE INDEX images_unprotected ON images (job, number) WHERE state IN ('failed', 'quarantined');

-- Expired jobs that still have images: those go some hundreds at a time, so that nobody waits long for the only writer.
CREATE TABLE expired_jobs_with_images (
    job INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE
) STRICT;
