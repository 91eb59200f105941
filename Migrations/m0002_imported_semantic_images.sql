-- Pictures that owners imported as semantic images. A class that has any here uses them instead of its generated one.

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

CREATE INDEX imported_semantic_images_by_blob ON imported_semantic_images (sha256);
