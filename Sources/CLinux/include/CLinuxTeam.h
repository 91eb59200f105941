#ifndef PALIMPSEST_CLINUX_TEAM_H
#define PALIMPSEST_CLINUX_TEAM_H

#include <stddef.h>

// A fixed team of threads that share the parts of one task at a time. It makes no system calls but
// those of waiting once it has started, so that a process may give up all others.

typedef struct plm_team plm_team;

/// Starts up to `helpers` threads, which block every signal, and waits until they wait for work.
/// Returns NULL if there is no memory for the team itself.
plm_team *plm_team_start(const char *name, unsigned helpers, size_t stack_bytes);

/// The number of threads that were started: fewer than wanted where the system has no more.
unsigned plm_team_helpers(const plm_team *team);

/// Calls `body(context, index)` once for each index below `count`, on the calling thread and at
/// most `threads - 1` helpers, and returns when all calls have returned. All that a body writes is
/// seen after that. While the team has a task, as in a body, all calls are on the calling thread.
void plm_team_run(plm_team *team, size_t count, unsigned threads,
                  void (*body)(void *context, size_t index), void *context);

/// Ends and frees a team that has no task.
void plm_team_end(plm_team *team);

/// Returns the number of processors that the calling process may use, at least 1.
unsigned plm_usable_processors(void);

#endif
