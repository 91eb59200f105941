"""`make bench`: times Palimpsest against other engines in a single run."""
