#ifndef PALIMPSEST_CLINUX_PROCESS_H
#define PALIMPSEST_CLINUX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Child processes, their limits and the threads that look after them. Functions that return `int` return 0 or an errno,
// so that nothing can change errno between the call and its reading.

// ---- Spawning ----

/// Starts a program in a process group of its own, with default signal dispositions and an empty signal mask.
///
/// The child's descriptor `i` is `descriptors[i]`, or /dev/null where that is negative; every other one is closed.
int plm_spawn(
    const char *path,
    char *const arguments[],
    char *const environment[],
    const int *descriptors,
    int count,
    pid_t *pid
);

/// Waits for a child and tells how it ended: an exit status with signal 0, or the signal that ended it.
int plm_wait(pid_t pid, int *exit_status, int *signal_number);

/// A descriptor that becomes readable when a process ends, or a negative errno.
int plm_watch_process(pid_t pid);

/// How much processor time another process has used, in nanoseconds.
int plm_cpu_time(pid_t pid, uint64_t *nanoseconds);

// ---- What a child does to itself ----

/// Copies the calling process with this thread alone. Gives 0 in the copy, its number in the original, or a negative error number.
pid_t plm_fork(void);

/// No later exec gains privileges.
int plm_set_no_new_privileges(void);

/// The calling process is killed when the thread that started it ends. Gives ESRCH if `parent` is not the parent any more,
/// which closes the gap between the start and this call.
int plm_die_with_parent(pid_t parent);

/// Nobody may attach to the calling process or read its memory by /proc, except a privileged process.
int plm_set_undumpable(void);

/// A fault of the calling process ends it by its own signal, and nothing is done about it before.
void plm_forget_fault_handlers(void);

/// Sets the soft and the hard limit of address space, of open files, of the size of a core dump.
int plm_limit_address_space(uint64_t bytes);
int plm_limit_open_files(uint64_t count);
int plm_limit_core(uint64_t bytes);

/// Whether this code was built for a sanitizer, whose shadow memory breaks every limit of address space.
bool plm_is_sanitized(void);

/// Gives photos back to the system when they are freed, whichever thread freed them: two arenas, and pages of their own for blocks of a
/// mebibyte and more, where glibc would keep up to eight arenas a processor and learn to keep blocks of up to 32 MiB.
void plm_keep_heap_small(void);

// ---- Sockets and waking ----

/// A pair of connected, blocking stream sockets that are closed by exec.
int plm_stream_pair(int descriptors[2]);

/// Receives bytes. Returns their number, 0 at the end of the stream, or a negative errno; never raises a signal, retries EINTR.
ssize_t plm_receive(int descriptor, void *bytes, size_t count, bool may_block);

/// Sends bytes. Returns how many were taken, or a negative errno; never raises a signal, retries EINTR.
ssize_t plm_send(int descriptor, const void *bytes, size_t count, bool may_block);

/// An eventfd, or a negative errno.
int plm_make_waker(void);
/// Makes the waker readable.
void plm_wake(int waker);
/// Makes the waker unreadable until it is woken again.
void plm_clear_waker(int waker);

// ---- Files ----

/// Renames a file unless the new name is taken (EEXIST). The check and the rename are one step.
int plm_rename_exclusive(const char *from, const char *to);

/// Has the system begin to write a part of a file to disk, without waiting for it.
void plm_start_writeback(int descriptor, uint64_t offset, uint64_t count);

// ---- Threads ----

/// Starts a detached thread that blocks every signal, so that signals go to the threads that expect them. Its niceness is that
/// of the process's first thread, whoever calls.
int plm_start_thread(const char *name, size_t stack_bytes, void (*body)(void *), void *context);

#endif
