-- The first generator was replaced before any release. The same seeds draw the images of the second one, so that no class is lost.

UPDATE semantic_images SET generator_version = 2 WHERE generator_version = 1;
