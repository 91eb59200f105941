-- A class's place is taken within its family alone. Two families draw different images in the same place, so that a class
-- may move to a key that has classes of its own.

CREATE TABLE moved_semantic_images (
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

INSERT INTO moved_semantic_images
SELECT tenant, label, generator_version, family_seed, class_index, texture_seed, created_at FROM semantic_images;

DROP TABLE semantic_images;

ALTER TABLE moved_semantic_images RENAME TO semantic_images;
