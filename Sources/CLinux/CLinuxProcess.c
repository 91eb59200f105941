#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

// More descriptors than any child gets; the copies for it have higher numbers.
enum { max_passed = 32 };

// Copies the descriptors to numbers above every target, so that no dup2 overwrites a source that is
// still needed.
static int lift(const int *descriptors, int count, int *lifted) {
    for (int i = 0; i < count; i++) {
        lifted[i] = descriptors[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                       : fcntl(descriptors[i], F_DUPFD_CLOEXEC, max_passed);
        if (lifted[i] < 0) return errno;
        if (lifted[i] < max_passed) {
            int low = lifted[i];
            lifted[i] = fcntl(low, F_DUPFD_CLOEXEC, max_passed);
            int code = errno;
            close(low);
            if (lifted[i] < 0) return code;
        }
    }
    return 0;
}

static int prepare_actions(posix_spawn_file_actions_t *actions, const int *lifted, int count) {
    for (int i = 0; i < count; i++) {
        int code = posix_spawn_file_actions_adddup2(actions, lifted[i], i);
        if (code != 0) return code;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, count);
}

static int prepare_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0) code = posix_spawnattr_setsigdefault(attributes, &all);
    // In its own process group: Ctrl-C at a terminal must stop the parent in an orderly way, not
    // its children in the middle of an image.
    if (code == 0) code = posix_spawnattr_setpgroup(attributes, 0);
    if (code == 0) {
        code = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        );
    }
    return code;
}

int plm_spawn(
    const char *path,
    char *const arguments[],
    char *const environment[],
    const int *descriptors,
    int count,
    pid_t *pid
) {
    if (count < 0 || count > max_passed) return EINVAL;
    int lifted[max_passed];
    for (int i = 0; i < count; i++) lifted[i] = -1;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        code = lift(descriptors, count, lifted);
        if (code == 0) code = prepare_actions(&actions, lifted, count);
        if (code == 0) code = prepare_attributes(&attributes);
        if (code == 0) code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < count; i++) {
        if (lifted[i] >= 0) close(lifted[i]);
    }
    return code;
}

int plm_wait(pid_t pid, int *exit_status, int *signal_number) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return errno;
    }
    *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 0;
}

int plm_watch_process(pid_t pid) {
    // By number, since the C library's wrapper is newer than the oldest supported system. The
    // descriptor is always close-on-exec.
    long descriptor = syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}

int plm_cpu_time(pid_t pid, uint64_t *nanoseconds) {
    clockid_t clock;
    int code = clock_getcpuclockid(pid, &clock);
    if (code != 0) return code;
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return errno;
    *nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    return 0;
}

int plm_set_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int plm_die_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
    return getppid() == parent ? 0 : ESRCH;
}

int plm_set_undumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}

void plm_forget_fault_handlers(void) {
    const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP};
    for (size_t index = 0; index < sizeof faults / sizeof *faults; index++)
        signal(faults[index], SIG_DFL);
}

static int limit(int resource, uint64_t value) {
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &limit) == 0 ? 0 : errno;
}

int plm_limit_address_space(uint64_t bytes) {
    return limit(RLIMIT_AS, bytes);
}

int plm_limit_open_files(uint64_t count) {
    return limit(RLIMIT_NOFILE, count);
}

int plm_limit_core(uint64_t bytes) {
    return limit(RLIMIT_CORE, bytes);
}

void plm_keep_heap_small(void) {
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    // Below this, each piece of an upload would have its memory returned, and cleared anew.
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

void plm_share_heap(void) {
    mallopt(M_ARENA_MAX, 1);
}

bool plm_is_sanitized(void) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
    return true;
#endif
#endif
    return false;
}

int plm_stream_pair(int descriptors[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors) == 0 ? 0 : errno;
}

ssize_t plm_receive(int descriptor, void *bytes, size_t count, bool may_block) {
    ssize_t result;
    do {
        result = recv(descriptor, bytes, count, may_block ? 0 : MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

ssize_t plm_send(int descriptor, const void *bytes, size_t count, bool may_block) {
    ssize_t result;
    do {
        result = send(descriptor, bytes, count, MSG_NOSIGNAL | (may_block ? 0 : MSG_DONTWAIT));
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int plm_make_waker(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void plm_wake(int waker) {
    // A full counter is readable too, so a failed write loses nothing.
    (void)eventfd_write(waker, 1);
}

void plm_clear_waker(int waker) {
    eventfd_t count;
    (void)eventfd_read(waker, &count);
}

void plm_start_writeback(int descriptor, uint64_t offset, uint64_t count) {
    sync_file_range(descriptor, (off64_t)offset, (off64_t)count, SYNC_FILE_RANGE_WRITE);
}

int plm_sync_disk(int descriptor) { return syncfs(descriptor) == 0 ? 0 : errno; }

bool plm_has_journal(const char *path) {
    struct statfs disk;
    if (statfs(path, &disk) != 0) return false;
    return disk.f_type == EXT4_SUPER_MAGIC || disk.f_type == XFS_SUPER_MAGIC ||
           disk.f_type == BTRFS_SUPER_MAGIC;
}

pid_t plm_fork(void) {
    pid_t child = fork();
    return child < 0 ? -errno : child;
}

int plm_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : errno;
}

int plm_rename_exclusive(const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // This file system lacks such a rename; a hard link achieves the same in two steps.
    if (link(from, to) != 0) return errno;
    return unlink(from) == 0 ? 0 : errno;
}

struct start {
    void (*body)(void *);
    void *context;
    char name[16];
};

// Niceness is per thread, and Dispatch sets that of its own threads regardless of the process's.
// Without this, a thread started from one of them, and every process started from that thread,
// would run at niceness 0 under `nice`.
static void take_process_niceness(void) {
    errno = 0;
    int niceness = getpriority(PRIO_PROCESS, (id_t)getpid());
    // -1 is also a valid niceness. Without the privilege to lower its niceness, the thread keeps
    // it.
    if (niceness != -1 || errno == 0) (void)setpriority(PRIO_PROCESS, 0, niceness);
}

static void *run_thread(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    take_process_niceness();
    (void)pthread_setname_np(pthread_self(), start.name);
    start.body(start.context);
    return NULL;
}

int plm_start_thread(const char *name, size_t stack_bytes, void (*body)(void *), void *context) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return ENOMEM;
    start->body = body;
    start->context = context;
    // The kernel keeps 15 characters.
    snprintf(start->name, sizeof start->name, "%s", name);
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code != 0) {
        free(start);
        return code;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    sigset_t all, before;
    sigfillset(&all);
    // The new thread inherits the mask. Its own faults, such as SIGSEGV, are delivered whatever the
    // mask says.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    code = pthread_create(&thread, &attributes, run_thread, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (code != 0) {
        free(start);
        return code;
    }
    return 0;
}
