#ifndef PALIMPSEST_CLINUX_PROCESS_H
#define PALIMPSEST_CLINUX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Child processes, their limits and the threads that supervise them. Functions that return `int`
// return 0 or an errno, so that nothing can change errno between the call and its reading.

// ---- Spawning ----

/// Starts a program in its own process group, with default signal dispositions and an empty signal
/// mask.
///
/// The child's descriptor `i` is `descriptors[i]`, or /dev/null if that is negative; all others are
/// closed.
int plm_spawn(
    const char *path,
    char *const arguments[],
    char *const environment[],
    const int *descriptors,
    int count,
    pid_t *pid
);

/// Waits for a child and returns how it ended: an exit status with signal 0, or the signal that
/// killed it.
int plm_wait(pid_t pid, int *exit_status, int *signal_number);

/// Returns a descriptor that becomes readable when a process ends, or a negative errno.
int plm_watch_process(pid_t pid);

/// Returns the CPU time that another process has used, in nanoseconds.
int plm_cpu_time(pid_t pid, uint64_t *nanoseconds);

// ---- Self-restriction of a child ----

/// Forks the calling process with only this thread. Returns 0 in the child, its PID in the parent,
/// or a negative errno.
pid_t plm_fork(void);

/// Makes a pipe whose ends, the one for reading first, do not block. Returns 0 or an errno.
int plm_pipe(int ends[2]);

/// Prevents later execs from gaining privileges.
int plm_set_no_new_privileges(void);

/// Has the kernel kill the calling process when the thread that started it ends. Returns ESRCH if
/// `parent` is no longer the parent, which closes the race between the start and this call.
int plm_die_with_parent(pid_t parent);

/// Prevents other processes, except privileged ones, from attaching to the calling process or
/// reading its memory through /proc.
int plm_set_undumpable(void);

/// Restores the default action of fault signals, so that a fault ends the process at once by its
/// own signal.
void plm_forget_fault_handlers(void);

/// Sets the soft and the hard limit of the address space, of open files, of the core dump size.
int plm_limit_address_space(uint64_t bytes);
int plm_limit_open_files(uint64_t count);
int plm_limit_core(uint64_t bytes);

/// Whether this code was built with a sanitizer, whose shadow memory exceeds any address space
/// limit.
bool plm_is_sanitized(void);

/// Makes freed photos go back to the system, whichever thread freed them: four arenas, and separate
/// mappings for blocks of 1 MiB and more. By default glibc would use up to eight arenas per
/// processor and learn to keep blocks of up to 32 MiB; with fewer, threads wait for each other. Each
/// arena keeps up to 2 MiB that are free.
void plm_keep_heap_small(void);

/// Makes all threads share one heap. glibc then never asks how many processors there are, which a
/// filter of system calls may forbid.
void plm_share_heap(void);

// ---- Sockets and waking ----

/// Creates a pair of connected, blocking, close-on-exec stream sockets.
int plm_stream_pair(int descriptors[2]);

/// Receives bytes. Returns their number, 0 at the end of the stream, or a negative errno; never
/// raises a signal, retries EINTR.
ssize_t plm_receive(int descriptor, void *bytes, size_t count, bool may_block);

/// Sends bytes. Returns the number accepted, or a negative errno; never raises a signal, retries
/// EINTR.
ssize_t plm_send(int descriptor, const void *bytes, size_t count, bool may_block);

/// Returns an eventfd, or a negative errno.
int plm_make_waker(void);
/// Makes the waker readable.
void plm_wake(int waker);
/// Makes the waker unreadable until the next wake.
void plm_clear_waker(int waker);

// ---- Files ----

/// Renames a file atomically unless the new name exists (EEXIST).
int plm_rename_exclusive(const char *from, const char *to);

/// Starts writing a part of a file to disk, without waiting for it.
void plm_start_writeback(int descriptor, uint64_t offset, uint64_t count);

/// Writes all of the descriptor's disk (syncfs(2)). Returns 0 or an errno.
int plm_sync_disk(int descriptor);

/// Whether the path is on ext2 to ext4, XFS or Btrfs.
bool plm_has_journal(const char *path);

// ---- Threads ----

/// Starts a detached thread that blocks every signal, so that signals go to the threads that expect
/// them. It gets the niceness of the process's first thread, whoever calls.
int plm_start_thread(const char *name, size_t stack_bytes, void (*body)(void *), void *context);

#endif
