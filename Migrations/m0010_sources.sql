-- What its owner called each file of an upload, which folders became classes, and what was passed over.

-- As it was sent, folders and all; nobody knows it of older images, and of those that came without a name.
ALTER TABLE images ADD COLUMN source TEXT;
-- JSON: the classes of the upload with their counts, and what was passed over; older jobs have neither.
ALTER TABLE jobs ADD COLUMN classes TEXT;
ALTER TABLE jobs ADD COLUMN passed_over TEXT;

-- The label '' stands for no class. Only what was refused while it was received may lack one, so that nothing without a class is
-- ever queued.
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
