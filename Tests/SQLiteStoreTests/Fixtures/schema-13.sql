BEGIN TRANSACTION;
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
, expires_at INTEGER, last_used_at INTEGER, quota_images_queued INTEGER CHECK (quota_images_queued > 0), quota_bytes_queued INTEGER CHECK (quota_bytes_queued > 0), quota_jobs_per_minute INTEGER CHECK (quota_jobs_per_minute > 0)) STRICT;
INSERT INTO "api_keys" VALUES('key_00000000000000000000000001','one','admin read submit',X'5485CB5D03981CC3BD989290A6BE33CA392C013279A5C3C3FD10A1CAE57E1460','plm_1',-1,1700000000000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "api_keys" VALUES('key_00000000000000000000000002','two','read submit',X'DED6C02A4BC1FB712F3B71EFCB883AD5B31F4CEF6A327B079573143EC9C71FB3','plm_2',-2,1700000000000,1700000000001,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE attachments (
    image  INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL CHECK (kind IN ('preview_after', 'preview_before', 'recovery')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    size   INTEGER NOT NULL CHECK (size > 0),
    crc32  INTEGER NOT NULL,
    PRIMARY KEY (image, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO "attachments" VALUES(9,'preview_after',X'DCA25D6CB17AB1FFE511E6C4B0DCF7C9C546DBC6EFEFE2605ED249473A8FFE42',100,3735928559);
INSERT INTO "attachments" VALUES(9,'preview_before',X'17EC02242971565790E36DB7608A49300C74DE333FC5EC9D3723D135450EC714',100,3735928559);
CREATE TABLE clock (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    -- The kernel's name for the time since the machine's start.
    boot        TEXT NOT NULL,
    -- The store's time less the time since that start.
    offset_ms   INTEGER NOT NULL,
    -- The store's time when this was written.
    seen_at     INTEGER NOT NULL,
    -- From when to when the machine was off, by a calendar that may yet turn out to be wrong; and until when, after the machine's
    -- start, that is waited for.
    gap_began   INTEGER,
    gap_ended   INTEGER,
    gap_open_ms INTEGER,
    CHECK ((gap_began IS NULL) = (gap_ended IS NULL) AND (gap_began IS NULL) = (gap_open_ms IS NULL))
) STRICT;
INSERT INTO "clock" VALUES(1,'an-earlier-start',1699999999000,1700000000000,NULL,NULL,NULL);
CREATE TABLE expired_jobs_with_images (
    job INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE
) STRICT;
CREATE TABLE fair_shares (
    tenant   TEXT PRIMARY KEY REFERENCES api_keys (id),
    started  INTEGER NOT NULL,
    finished INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency (
    tenant      TEXT NOT NULL REFERENCES api_keys (id),
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    job         INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "idempotency" VALUES('key_00000000000000000000000001','k',X'1F58B9145B24D108D7AC38887338B3EA3229833B9C1E418250343F907BFD1047',3,1700000000000);
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
    finished_at    INTEGER, pixels INTEGER NOT NULL DEFAULT 0 CHECK (pixels >= 0), turn INTEGER NOT NULL DEFAULT 0, ending INTEGER CHECK (ending >= 1), source TEXT, claim BLOB CHECK (length(claim) = 16),
    UNIQUE (job, number),
    UNIQUE (job, label, name),
    CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'done') = (output_sha256 IS NOT NULL)),
    CHECK ((state = 'done') = (report IS NOT NULL)),
    CHECK ((state IN ('failed', 'quarantined')) = (failure_code IS NOT NULL)),
    CHECK (input_sha256 IS NOT NULL OR state = 'failed')
) STRICT;
INSERT INTO "images" VALUES(1,1,1,'key_00000000000000000000000001','cats','image-0001','queued',X'F50987CD1CFE40601EA2C78F4AABFEC430CE1465EC9DAA782B6781C9A67DA6A1',1000,1700000000000,0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,4000,1700000000001,NULL,'album/photo 1.jpg',NULL);
INSERT INTO "images" VALUES(2,1,2,'key_00000000000000000000000001','dogs','image-0002','running',X'99CD2F49B524E9B47E5F71284E2987239E5A81FB85A009AEC17313E907C70DA2',2000,1700000000000,2,0,0,0,NULL,'serve/abc/0',1700000060000,NULL,NULL,NULL,NULL,NULL,NULL,1700000000000,NULL,8000,1700000000001,NULL,'album/photo 2.jpg',X'DD1B3C312CF7D816130354452E9629CE');
INSERT INTO "images" VALUES(3,1,3,'key_00000000000000000000000001','cats','image-0003','done',X'DF9A4958ECAE7BD72678443D2090E5AD84B822D9DB5CB1FB96E1C44B7A503D5E',3000,1700000000000,2,0,0,0,NULL,NULL,NULL,X'757C415D2FB9331BB39183A511DAFBF27F59EE81D5CDC69BAB14613690B9B009',2000,3735928559,'{"bound":8,"class":"cats","clip":true,"height":48,"input_format":"png","input_sha256":"aa","linf":8,"luminance_only":false,"mode":"class-wise","model_sha256":"bb","output_sha256":"cc","psnr":33.25,"semantic_image_sha256":"dd","ssim":0.875,"strength":8,"width":64,"working_height":48,"working_width":64}',NULL,NULL,1700000000000,1700000005000,12000,1700000000001,1,'album/photo 3.jpg',NULL);
INSERT INTO "images" VALUES(4,1,4,'key_00000000000000000000000001','dogs','image-0004','failed',X'DCAC9EAA2C07DD89F665F1992D11A427DB92D67387E9E455EAF6494E46783871',4000,1700000000000,2,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'image_corrupt','The picture is broken.',1700000000000,1700000005000,16000,1700000000001,2,'album/photo 4.jpg',NULL);
INSERT INTO "images" VALUES(5,1,5,'key_00000000000000000000000001','cats','image-0005','quarantined',X'8CFBDF3E2A4CB401B872104121BBE974E1636BDF78C146D785A3671DE34115DD',5000,1700000000000,2,0,2,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'image_corrupt','The picture is broken.',1700000000000,1700000005000,20000,1700000000001,3,'album/photo 5.jpg',NULL);
INSERT INTO "images" VALUES(6,1,6,'key_00000000000000000000000001','dogs','image-0006','cancelled',X'51933BB974EC751A88117E4B250CE30041F0FCE39A22949A29E4B38274548846',6000,1700000000000,2,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1700000000000,1700000005000,24000,1700000000001,4,'album/photo 6.jpg',NULL);
INSERT INTO "images" VALUES(7,2,1,'key_00000000000000000000000002','cats','image-0001','queued',X'594ECDC90903C5F5D8729C430F9D970D530B6F883F3EFE6CE5E9A6E8EEDE7271',1000,1700000000000,0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,4000,1700000000002,NULL,NULL,NULL);
INSERT INTO "images" VALUES(8,2,2,'key_00000000000000000000000002','dogs','image-0002','queued',X'F7196D23E3024F0601E47364DBAEDCF8921A7CC7E2810A2197D52AD915293555',2000,1700000000000,0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,8000,1700000000002,NULL,NULL,NULL);
INSERT INTO "images" VALUES(9,3,1,'key_00000000000000000000000001','cats','image-0001','done',X'B54E0F6AD499C942A5C044B66588B08D1EF504512A17E60A3BF03E138073828D',1000,1700000000000,2,0,0,0,NULL,NULL,NULL,X'918244C586342016A789A6D6D6A9BD3864758AA6E4B919DF0FF041DE9253424E',2000,3735928559,'{"bound":8,"class":"cats","clip":true,"height":48,"input_format":"png","input_sha256":"aa","linf":8,"luminance_only":false,"mode":"class-wise","model_sha256":"bb","output_sha256":"cc","psnr":33.25,"semantic_image_sha256":"dd","ssim":0.875,"strength":8,"width":64,"working_height":48,"working_width":64}',NULL,NULL,1700000000000,1700000005000,4000,1700000000003,1,NULL,NULL);
INSERT INTO "images" VALUES(10,4,1,'key_00000000000000000000000001','cats','image-0001','failed',X'BCB25721E22EE9A8D48A54371CFBFB080F1CF3899473E7F5F874A2821D3C0C09',1000,1700000000000,2,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'image_corrupt','The picture is broken.',1700000000000,1700000005000,4000,1700000000004,1,NULL,NULL);
INSERT INTO "images" VALUES(11,4,2,'key_00000000000000000000000001','dogs','image-0002','quarantined',X'1213DE8A5D5804C0976E97FAF2AC3BA922AB17ACB3BAF7E9054FF4F86512570E',2000,1700000000000,2,0,2,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'image_corrupt','The picture is broken.',1700000000000,1700000005000,8000,1700000000004,2,NULL,NULL);
INSERT INTO "images" VALUES(12,5,1,'key_00000000000000000000000002','cats','image-0001','cancelled',X'2D9B48B23E9ECF5E6CB124963AD2836DCC61293096074968527B2AB0444B9B2C',1000,1700000000000,2,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1700000000000,1700000005000,4000,1700000000005,1,NULL,NULL);
INSERT INTO "images" VALUES(13,6,1,'key_00000000000000000000000001','','image-0001','failed',NULL,NULL,1700000000000,2,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'image_corrupt','The picture is broken.',1700000000000,1700000005000,0,1700000000006,1,'album/photo 1.jpg',NULL);
CREATE TABLE imported_semantic_images (
    tenant      TEXT NOT NULL REFERENCES api_keys (id),
    label       TEXT NOT NULL,
    -- From 0 without gaps, in the order of the files' names.
    position    INTEGER NOT NULL CHECK (position >= 0),
    -- Of the blob, a PNG.
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    size        INTEGER NOT NULL CHECK (size > 0),
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, label, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "imported_semantic_images" VALUES('key_00000000000000000000000001','dogs',0,X'B6864EDF273B0D661BFC9B47FFF2A0F5E2E9E6D7BB76C8E0FA871EB76B14B23D',300,1700000000000);
INSERT INTO "imported_semantic_images" VALUES('key_00000000000000000000000001','dogs',1,X'2DABD364013897CCCCEB7B1526CFFB689610F8202CFF6B4A8C387525982AD437',301,1700000000000);
CREATE TABLE job_classes (
    job   INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    label TEXT NOT NULL,
    list  INTEGER REFERENCES picture_lists (id),
    PRIMARY KEY (job, label)
) STRICT, WITHOUT ROWID;
INSERT INTO "job_classes" VALUES(1,'cats',NULL);
INSERT INTO "job_classes" VALUES(2,'cats',NULL);
INSERT INTO "job_classes" VALUES(2,'dogs',NULL);
INSERT INTO "job_classes" VALUES(4,'cats',NULL);
INSERT INTO "job_classes" VALUES(5,'cats',NULL);
INSERT INTO "job_classes" VALUES(1,'dogs',1);
INSERT INTO "job_classes" VALUES(4,'dogs',1);
INSERT INTO "job_classes" VALUES(3,'cats',2);
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
, priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high')), turn INTEGER NOT NULL DEFAULT 0, pixels INTEGER NOT NULL DEFAULT 0 CHECK (pixels >= 0), previews INTEGER NOT NULL DEFAULT 0 CHECK (previews IN (0, 1)), recovery_key BLOB CHECK (length(recovery_key) = 32), recovery_source TEXT CHECK ((recovery_source IS NULL) = (recovery_key IS NULL)), classes TEXT, passed_over TEXT, done_endings INTEGER NOT NULL DEFAULT 0 CHECK (done_endings >= 0), failed_endings INTEGER NOT NULL DEFAULT 0 CHECK (failed_endings >= 0), quarantined_endings INTEGER NOT NULL DEFAULT 0 CHECK (quarantined_endings >= 0), cancelled_endings INTEGER NOT NULL DEFAULT 0 CHECK (cancelled_endings >= 0)) STRICT;
INSERT INTO "jobs" VALUES(1,'job_00000000000000000000000001','key_00000000000000000000000001','running','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',1,1,1,1,1,1,86400000,1700000000001,1700000000000,NULL,NULL,NULL,'normal',1700000000001,84000,0,NULL,NULL,NULL,NULL,1,1,1,1);
INSERT INTO "jobs" VALUES(2,'job_00000000000000000000000002','key_00000000000000000000000002','queued','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',2,0,0,0,0,0,86400000,1700000000002,NULL,NULL,NULL,NULL,'normal',1700000000002,12000,0,X'F569A86D3C2C8D7DDA26B5DBEA20BD5C19EEB35DFC63FDB724BAC4F21C227850','given',NULL,NULL,0,0,0,0);
INSERT INTO "jobs" VALUES(3,'job_00000000000000000000000003','key_00000000000000000000000001','done','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',0,0,1,0,0,0,86400000,1700000000003,1700000000000,1700000005000,1700086405000,NULL,'normal',1700000000003,4000,1,NULL,NULL,NULL,NULL,1,0,0,0);
INSERT INTO "jobs" VALUES(4,'job_00000000000000000000000004','key_00000000000000000000000001','failed','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',0,0,0,1,1,0,86400000,1700000000004,1700000000000,1700000005000,1700086405000,NULL,'normal',1700000000004,12000,0,NULL,NULL,NULL,NULL,0,1,1,0);
INSERT INTO "jobs" VALUES(5,'job_00000000000000000000000005','key_00000000000000000000000002','cancelled','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',0,0,0,0,0,1,86400000,1700000000005,1700000000000,1700000005000,1700086405000,NULL,'normal',1700000000005,4000,0,NULL,NULL,NULL,NULL,0,0,0,1);
INSERT INTO "jobs" VALUES(6,'job_00000000000000000000000006','key_00000000000000000000000001','failed','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',0,0,0,1,0,0,86400000,1700000000006,1700000000000,1700000005000,1700086405000,NULL,'normal',1700000000006,0,0,NULL,NULL,'[]','{"examples":["a.mov"],"reasons":{"video":1},"total":1}',0,1,0,0);
INSERT INTO "jobs" VALUES(7,'job_00000000000000000000000007','key_00000000000000000000000001','done','{"clip":true,"mode":"class-wise","strength":8,"working_size":128}',0,0,1,0,0,0,86400000,1700000000007,1700000000000,1700000005000,1700086405000,1700086406000,'normal',1700000000007,0,0,NULL,NULL,NULL,NULL,0,0,0,0);
CREATE TABLE listed_pictures (
    list     INTEGER NOT NULL REFERENCES picture_lists (id) ON DELETE CASCADE,
    -- From 0 without gaps.
    position INTEGER NOT NULL CHECK (position >= 0),
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (list, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "listed_pictures" VALUES(1,1,X'2DABD364013897CCCCEB7B1526CFFB689610F8202CFF6B4A8C387525982AD437');
INSERT INTO "listed_pictures" VALUES(2,0,X'832903E3B7D362D6467CC8A261D5BA218AFDEE7A7C0C560B8364C6E2EC23AB48');
INSERT INTO "listed_pictures" VALUES(1,0,X'B6864EDF273B0D661BFC9B47FFF2A0F5E2E9E6D7BB76C8E0FA871EB76B14B23D');
CREATE TABLE past_endings (
    state TEXT PRIMARY KEY CHECK (state IN ('done', 'failed', 'quarantined', 'cancelled')),
    total INTEGER NOT NULL CHECK (total >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO "past_endings" VALUES('cancelled',0);
INSERT INTO "past_endings" VALUES('done',0);
INSERT INTO "past_endings" VALUES('failed',0);
INSERT INTO "past_endings" VALUES('quarantined',0);
CREATE TABLE picture_lists (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL REFERENCES api_keys (id),
    label      TEXT NOT NULL,
    -- Whether it is what imported_semantic_images has for the class now.
    is_current INTEGER NOT NULL CHECK (is_current IN (0, 1))
) STRICT;
INSERT INTO "picture_lists" VALUES(1,'key_00000000000000000000000001','dogs',1);
INSERT INTO "picture_lists" VALUES(2,'key_00000000000000000000000001','cats',0);
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_at INTEGER NOT NULL, oldest_binary INTEGER) STRICT;
INSERT INTO "schema_migrations" VALUES(1,'m0001_initial',X'DFCF512342BAEA34B97B68A7B98FA6C701F341C8ACC07BCD96D46B0825BDE816',1700000000000,1);
INSERT INTO "schema_migrations" VALUES(2,'m0002_imported_semantic_images',X'5B80052913C51E0DB31B88E795152D8EC21A1F83B69BD272071568E4F1111B37',1700000000000,2);
INSERT INTO "schema_migrations" VALUES(3,'m0003_semantic_images_version_2',X'112B6EAA9EFEB65C7D1EAA7101243B9F8CD6BE02C2B6155792534FE2062B20DC',1700000000000,3);
INSERT INTO "schema_migrations" VALUES(4,'m0004_key_limits',X'C0F8705FEC460C77C4BC3C558944246F20DBE1D61401152F980E680375EFE273',1700000000000,4);
INSERT INTO "schema_migrations" VALUES(5,'m0005_queue',X'007069EB0CDFA97F68A965C4863F80A574607C4CD2BA0F3D9DF1B667D56EB095',1700000000000,5);
INSERT INTO "schema_migrations" VALUES(6,'m0006_image_endings',X'42500F25F7D7DDAB8A93520C624A7F3A8D69D984E5C46C3DFFD45C19B47F0544',1700000000000,6);
INSERT INTO "schema_migrations" VALUES(7,'m0007_attachments',X'C07107ED2DA520EAE8EF38E27ABA92C2B8466AEEAB03FF0693503E0BADAA701B',1700000000000,7);
INSERT INTO "schema_migrations" VALUES(8,'m0008_expiry',X'456AEBA462E1DD24669BEDE3A08E542B7E4C0144FA2863F67A7E221484663999',1700000000000,8);
INSERT INTO "schema_migrations" VALUES(9,'m0009_frozen_classes',X'7B643490D429B2AE5B28185FD120B2B62FC1B91645391DDE8F91C1882972BBDD',1700000000000,9);
INSERT INTO "schema_migrations" VALUES(10,'m0010_sources',X'169F6F22A3B493355D8A060DFBC9CECE89940FE76B3E0FE0EF52BFE6BD225AA4',1700000000000,10);
INSERT INTO "schema_migrations" VALUES(11,'m0011_clock',X'EF966B1F32D786EBB48D7059A9C418F9AFF2A22DFD638C440C1E4F99D766E7F7',1700000000000,11);
INSERT INTO "schema_migrations" VALUES(12,'m0012_class_places',X'1D21467C6494C0CEEB06584D45EC761B70EAD676CB768D56E590BDEE9FAB7685',1700000000000,12);
INSERT INTO "schema_migrations" VALUES(13,'m0013_claims',X'0CF026CB333A36AE590B9154ECE754D8EEEDE2F96F300DB578BB95B8A9B1ABEC',1700000000000,13);
CREATE TABLE "semantic_images" (
    tenant            TEXT NOT NULL REFERENCES api_keys (id),
    label             TEXT NOT NULL,
    generator_version INTEGER NOT NULL,
    family_seed       INTEGER NOT NULL,
    class_index       INTEGER NOT NULL CHECK (class_index >= 0),
    texture_seed      INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    PRIMARY KEY (tenant, label),
    UNIQUE (tenant, family_seed, class_index)
) STRICT, WITHOUT ROWID;
INSERT INTO "semantic_images" VALUES('key_00000000000000000000000001','cats',2,7,0,0,1700000000000);
INSERT INTO "semantic_images" VALUES('key_00000000000000000000000001','dogs',2,7,1,-1,1700000000000);
INSERT INTO "semantic_images" VALUES('key_00000000000000000000000002','cats',2,7,0,-2,1700000000000);
INSERT INTO "semantic_images" VALUES('key_00000000000000000000000002','dogs',2,7,1,-3,1700000000000);
CREATE INDEX jobs_to_expire ON jobs (expires_at) WHERE expires_at IS NOT NULL AND expired_at IS NULL;
CREATE INDEX jobs_to_forget ON jobs (expired_at) WHERE expired_at IS NOT NULL;
CREATE INDEX images_queued ON images (job, number) WHERE state = 'queued';
CREATE INDEX images_available ON images (available_at) WHERE state = 'queued';
CREATE INDEX images_leased ON images (lease_until) WHERE state = 'running';
CREATE INDEX images_by_input ON images (input_sha256);
CREATE INDEX images_by_output ON images (output_sha256) WHERE output_sha256 IS NOT NULL;
CREATE INDEX idempotency_of_job ON idempotency (job);
CREATE INDEX imported_semantic_images_by_blob ON imported_semantic_images (sha256);
CREATE INDEX images_unfinished ON images (tenant, state, input_size) WHERE state IN ('queued', 'running');
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
CREATE INDEX fair_shares_by_start ON fair_shares (started);
CREATE INDEX images_running ON images (tenant, pixels) WHERE state = 'running';
CREATE INDEX images_in_turn ON images (tenant, turn, job, number, available_at) WHERE state = 'queued';
CREATE INDEX jobs_unfinished ON jobs (tenant, turn) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX images_by_ending ON images (job, ending) WHERE ending IS NOT NULL;
CREATE INDEX attachments_by_blob ON attachments (sha256);
CREATE INDEX jobs_kept ON jobs (tenant, seq) WHERE expired_at IS NULL;
CREATE INDEX jobs_kept_by_state ON jobs (state) WHERE expired_at IS NULL;
CREATE INDEX images_unprotected ON images (job, number) WHERE state IN ('failed', 'quarantined');
CREATE UNIQUE INDEX picture_lists_current ON picture_lists (tenant, label) WHERE is_current = 1;
CREATE INDEX listed_pictures_by_blob ON listed_pictures (sha256);
CREATE INDEX job_classes_by_list ON job_classes (list);
CREATE TRIGGER images_stored_have_a_class BEFORE INSERT ON images
WHEN new.label = '' AND new.input_sha256 IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'an image without a class cannot be stored');
END;
CREATE TRIGGER images_stay_without_class BEFORE UPDATE OF label, input_sha256 ON images
WHEN (new.label = '') <> (old.label = '') OR new.label = '' AND new.input_sha256 IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'an image without a class cannot be stored');
END;
CREATE TRIGGER images_ended AFTER UPDATE OF state ON images
WHEN new.state IN ('done', 'failed', 'quarantined', 'cancelled') AND old.state IN ('queued', 'running')
BEGIN
    UPDATE images
    SET ending = 1 + (SELECT coalesce(max(ending), 0) FROM images WHERE job = new.job AND ending IS NOT NULL)
    WHERE id = new.id;
END;
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',7);
COMMIT;
