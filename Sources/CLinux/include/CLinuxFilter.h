#ifndef PALIMPSEST_CLINUX_FILTER_H
#define PALIMPSEST_CLINUX_FILTER_H

/// From now on every thread of the process may make only the system calls that decoding needs; any other one ends the
/// process with SIGSYS, and so does memory that is to be executed. It cannot be taken back.
///
/// Needs `plm_set_no_new_privileges`. Returns 0 or an errno: EINVAL or ENOSYS where the kernel filters no system calls, EBUSY
/// where a thread has a filter of its own.
int plm_filter_system_calls(void);

#endif
