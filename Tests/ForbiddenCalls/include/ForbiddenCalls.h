#ifndef PALIMPSEST_FORBIDDEN_CALLS_H
#define PALIMPSEST_FORBIDDEN_CALLS_H

/// Tries something that a process that was taken over might try. Returns 0 whether or not the
/// system let it, and -1 if there is no
/// attempt of that name.
int plm_attempt(const char *name);

#endif
