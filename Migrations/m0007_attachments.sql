-- What is made of an image besides its protected picture: previews of it and of the photo, and what gives the photo back to its owner.

ALTER TABLE jobs ADD COLUMN previews INTEGER NOT NULL DEFAULT 0 CHECK (previews IN (0, 1));
-- The public key to which the photos' pixels are sealed, and how its private half comes from what only their owner knows.
ALTER TABLE jobs ADD COLUMN recovery_key BLOB CHECK (length(recovery_key) = 32);
ALTER TABLE jobs ADD COLUMN recovery_source TEXT CHECK ((recovery_source IS NULL) = (recovery_key IS NULL));

CREATE TABLE attachments (
    image  INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL CHECK (kind IN ('preview_after', 'preview_before', 'recovery')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    size   INTEGER NOT NULL CHECK (size > 0),
    crc32  INTEGER NOT NULL,
    PRIMARY KEY (image, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_by_blob ON attachments (sha256);
