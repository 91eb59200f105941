#ifndef PALIMPSEST_CLINUX_PRIVILEGES_H
#define PALIMPSEST_CLINUX_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

// Who the calling process is and what it may do. Functions that return `int` return 0 or an errno.

/// Whether the process may become another user and group, and end processes of other users.
bool plm_may_change_user(void);

/// Takes away, as far as the process is allowed to, the capabilities that a later exec could give. It comes first: whoever has
/// become an ordinary user may not do it any more.
void plm_bound_capabilities(void);

/// Becomes a user and a group for good, and leaves all other groups.
///
/// The kernel forgets on the way that the process is to die with its parent: call `plm_die_with_parent` afterwards.
int plm_become(uid_t user, gid_t group);

/// Gives up every capability of the calling thread.
int plm_drop_capabilities(void);

#endif
