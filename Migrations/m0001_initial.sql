-- API keys, the classes of their owners, jobs, images and idempotency records.
-- Times are milliseconds since 1970 in UTC. Hashes are the 32 bytes of SHA-256. 64-bit seeds are stored as two's complement.

CREATE TABLE api_keys (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    -- Of the secret, which is never stored.
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    -- The first characters of the secret, for telling keys apart in a list.
    prefix      TEXT NOT NULL,
    family_seed INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

CREATE TABLE semantic_images (
    tenant            TEXT NOT NULL REFERENCES api_keys (id),
    label             TEXT NOT NULL,
    generator_version INTEGER NOT NULL,
    family_seed       INTEGER NOT NULL,
    class_index       INTEGER NOT NULL CHECK (class_index >= 0),
    texture_seed      INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    PRIMARY KEY (tenant, label),
    UNIQUE (tenant, class_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    -- Never used twice, so that a cursor keeps its meaning.
    seq               INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT NOT NULL UNIQUE,
    tenant            TEXT NOT NULL REFERENCES api_keys (id),
    state             TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    settings          TEXT NOT NULL,
    queued_count      INTEGER NOT NULL CHECK (queued_count >= 0),
    running_count     INTEGER NOT NULL CHECK (running_count >= 0),
    done_count        INTEGER NOT NULL CHECK (done_count >= 0),
    failed_count      INTEGER NOT NULL CHECK (failed_count >= 0),
    quarantined_count INTEGER NOT NULL CHECK (quarantined_count >= 0),
    cancelled_count   INTEGER NOT NULL CHECK (cancelled_count >= 0),
    retention_ms      INTEGER NOT NULL CHECK (retention_ms >= 0),
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    finished_at       INTEGER,
    -- Set when the job is finished; the images go then, and the row goes some days after expired_at.
    expires_at        INTEGER,
    expired_at        INTEGER
) STRICT;

CREATE INDEX jobs_of_tenant ON jobs (tenant, seq);
CREATE INDEX jobs_with_work ON jobs (seq) WHERE queued_count > 0;
CREATE INDEX jobs_to_expire ON jobs (expires_at) WHERE expires_at IS NOT NULL AND expired_at IS NULL;
CREATE INDEX jobs_to_forget ON jobs (expired_at) WHERE expired_at IS NOT NULL;

CREATE TABLE images (
    id             INTEGER PRIMARY KEY,
    job            INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    -- From 1, in the order of the upload.
    number         INTEGER NOT NULL CHECK (number >= 1),
    -- The job's, repeated for the sum of what runs for each tenant.
    tenant         TEXT NOT NULL,
    label          TEXT NOT NULL,
    -- Without its extension.
    name           TEXT NOT NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('queued', 'running', 'done', 'failed', 'quarantined', 'cancelled')),
    input_sha256   BLOB CHECK (length(input_sha256) = 32),
    input_size     INTEGER,
    available_at   INTEGER NOT NULL,
    -- How often it was claimed; together with the owner it fences off a worker that lost its lease.
    attempt        INTEGER NOT NULL DEFAULT 0,
    errors         INTEGER NOT NULL DEFAULT 0,
    crashes        INTEGER NOT NULL DEFAULT 0,
    interruptions  INTEGER NOT NULL DEFAULT 0,
    -- Why the last attempt ended, for the operator.
    last_fault     TEXT,
    lease_owner    TEXT,
    lease_until    INTEGER,
    output_sha256  BLOB CHECK (length(output_sha256) = 32),
    output_size    INTEGER,
    output_crc32   INTEGER,
    report         TEXT,
    failure_code   TEXT,
    failure_detail TEXT,
    started_at     INTEGER,
    finished_at    INTEGER,
    UNIQUE (job, number),
    UNIQUE (job, label, name),
    CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'done') = (output_sha256 IS NOT NULL)),
    CHECK ((state = 'done') = (report IS NOT NULL)),
    CHECK ((state IN ('failed', 'quarantined')) = (failure_code IS NOT NULL)),
    CHECK (input_sha256 IS NOT NULL OR state = 'failed')
) STRICT;

CREATE INDEX images_queued ON images (job, number) WHERE state = 'queued';
CREATE INDEX images_available ON images (available_at) WHERE state = 'queued';
CREATE INDEX images_running ON images (tenant, input_size) WHERE state = 'running';
CREATE INDEX images_leased ON images (lease_until) WHERE state = 'running';
CREATE INDEX images_by_input ON images (input_sha256);
CREATE INDEX images_by_output ON images (output_sha256) WHERE output_sha256 IS NOT NULL;

CREATE TABLE idempotency (
    tenant      TEXT NOT NULL REFERENCES api_keys (id),
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    job         INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_of_job ON idempotency (job);
