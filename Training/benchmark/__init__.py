"""`make bench`: the speed of Palimpsest beside that of other engines, in one run."""
