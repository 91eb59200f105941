-- Where each key wants to be told that its jobs have ended, and what it was told or is still to be.

CREATE TABLE webhooks (
    tenant      TEXT PRIMARY KEY REFERENCES api_keys (id),
    url         TEXT NOT NULL,
    -- What signs the messages. The receiver has it too, so that it cannot be kept as a hash.
    secret      BLOB NOT NULL CHECK (length(secret) = 32),
    created_at  INTEGER NOT NULL,
    -- Set when the receiver wants no messages any more.
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_messages (
    -- Never used twice, so that a cursor keeps its meaning.
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- By which a receiver tells a repeated message.
    id           TEXT NOT NULL UNIQUE,
    tenant       TEXT NOT NULL REFERENCES webhooks (tenant) ON DELETE CASCADE,
    type         TEXT NOT NULL CHECK (type IN ('job.finished', 'webhook.test')),
    -- What happened, as JSON.
    data         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- When it is sent next; none once it is delivered or given up.
    next_at      INTEGER,
    ended_at     INTEGER,
    -- The status of the last answer, or why there was none.
    last_status  INTEGER,
    last_error   TEXT,
    CHECK (next_at IS NULL OR ended_at IS NULL)
) STRICT;

CREATE INDEX webhook_messages_due ON webhook_messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_messages_of_tenant ON webhook_messages (tenant, seq);
CREATE INDEX webhook_messages_to_forget ON webhook_messages (ended_at) WHERE ended_at IS NOT NULL;

-- In the transaction that ends the job, so that no end goes untold and none is told that was not.
CREATE TRIGGER jobs_ended AFTER UPDATE OF finished_at ON jobs
WHEN old.finished_at IS NULL AND new.finished_at IS NOT NULL
BEGIN
    INSERT INTO webhook_messages (id, tenant, type, data, created_at, next_at)
    SELECT 'msg_' || lower(hex(randomblob(16))), tenant, 'job.finished',
        json_object('id', new.id, 'state', new.state, 'counts', json_object(
            'total', new.queued_count + new.running_count + new.done_count + new.failed_count
                + new.quarantined_count + new.cancelled_count,
            'queued', new.queued_count, 'running', new.running_count, 'done', new.done_count,
            'failed', new.failed_count, 'quarantined', new.quarantined_count,
            'cancelled', new.cancelled_count)),
        new.finished_at, new.finished_at
    FROM webhooks WHERE tenant = new.tenant AND disabled_at IS NULL;
END;

-- A job of which every image was refused while it was received has ended when it is made.
CREATE TRIGGER jobs_made_ended AFTER INSERT ON jobs
WHEN new.finished_at IS NOT NULL
BEGIN
    INSERT INTO webhook_messages (id, tenant, type, data, created_at, next_at)
    SELECT 'msg_' || lower(hex(randomblob(16))), tenant, 'job.finished',
        json_object('id', new.id, 'state', new.state, 'counts', json_object(
            'total', new.failed_count, 'queued', 0, 'running', 0, 'done', 0,
            'failed', new.failed_count, 'quarantined', 0, 'cancelled', 0)),
        new.finished_at, new.finished_at
    FROM webhooks WHERE tenant = new.tenant AND disabled_at IS NULL;
END;
