#ifndef PALIMPSEST_CLINUX_FILTER_H
#define PALIMPSEST_CLINUX_FILTER_H

/// Restricts every thread of the process to the system calls that decoding needs. Any other call,
/// or a request for executable memory, ends the process with SIGSYS. This cannot be undone.
///
/// Requires `plm_set_no_new_privileges`. Returns 0 or an errno: EINVAL or ENOSYS if the kernel does
/// not filter system calls, EBUSY if a thread has its own filter.
int plm_filter_system_calls(void);

#endif
