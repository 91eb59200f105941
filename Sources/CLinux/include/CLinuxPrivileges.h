#ifndef PALIMPSEST_CLINUX_PRIVILEGES_H
#define PALIMPSEST_CLINUX_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

// The identity and the privileges of the calling process. Functions that return `int` return 0 or
// an errno.

/// Whether the process may change its user and group, and kill processes of other users.
bool plm_may_change_user(void);

/// Drops, as far as permitted, the capabilities that a later exec could grant. Call this first: an
/// ordinary user may not do it any more.
void plm_bound_capabilities(void);

/// Permanently switches to a user and a group, and leaves all supplementary groups.
///
/// The kernel thereby clears the parent-death signal: call `plm_die_with_parent` afterwards.
int plm_become(uid_t user, gid_t group);

/// Drops every capability of the calling thread.
int plm_drop_capabilities(void);

#endif
