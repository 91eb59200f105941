-- By what the store counts time: the clock that no one can set, which begins anew with every start of the machine, and what its
-- time is on the calendar. What counts down, such as how long results are kept, goes on as it was when the calendar is set.

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
