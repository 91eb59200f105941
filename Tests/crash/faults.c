// Preloaded into the server: makes the calls that change files below one folder fail, and sets the
// wall clock off.
//
// What is wanted stands in a small file that the test maps and rewrites while the server runs, see
// faults.py.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct orders {
    // The errno to fail with, 0 for none.
    int32_t error;
    // How many of 65,536 calls fail.
    uint32_t share;
    int64_t clock_offset_seconds;
    // Nothing fails while the folder's file `reserve` has fewer bytes than this, as on a disk that
    // was full because of it.
    uint32_t reserve_is_room;
};

static const volatile struct orders *orders;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    folder = getenv("CRASH_FOLDER");
    const char *path = getenv("CRASH_ORDERS");
    if (folder == NULL || path == NULL) return;
    const int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    void *map = mmap(NULL, sizeof *orders, PROT_READ, MAP_SHARED, descriptor, 0);
    syscall(SYS_close, descriptor);
    if (map != MAP_FAILED) orders = map;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/// Whether the reserve was given up, in a test in which it is all the room there is.
static bool has_room(void) {
    if (orders->reserve_is_room == 0) return false;
    char path[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof path, "%s/reserve", folder);
    return stat(path, &status) == 0 && status.st_size < orders->reserve_is_room;
}

/// The errno of this call if its turn has come, else 0. It is read once, since the test may end the
/// fault meanwhile.
static int strikes(void) {
    static __thread uint64_t state;
    const int error = orders == NULL ? 0 : orders->error;
    if (error == 0 || has_room()) return 0;
    if (state == 0) state = (uint64_t)(uintptr_t)&state | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 32 & 0xFFFF) < orders->share ? error : 0;
}

static bool is_ours(const char *path) {
    return path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static bool fails_path(const char *path) {
    const int error = strikes();
    if (error == 0 || !is_ours(path)) return false;
    errno = error;
    return true;
}

static bool fails_descriptor(int descriptor) {
    const int error = strikes();
    if (error == 0) return false;
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return false;
    path[count] = 0;
    if (!is_ours(path)) return false;
    errno = error;
    return true;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return fails_descriptor(descriptor) ? -1 : NEXT(write)(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return fails_descriptor(descriptor) ? -1 : NEXT(pwrite)(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    return fails_descriptor(descriptor) ? -1 : NEXT(pwrite64)(descriptor, bytes, count, offset);
}

int fsync(int descriptor) { return fails_descriptor(descriptor) ? -1 : NEXT(fsync)(descriptor); }

int syncfs(int descriptor) { return fails_descriptor(descriptor) ? -1 : NEXT(syncfs)(descriptor); }

int fdatasync(int descriptor) {
    return fails_descriptor(descriptor) ? -1 : NEXT(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t size) {
    return fails_descriptor(descriptor) ? -1 : NEXT(ftruncate)(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
    return fails_descriptor(descriptor) ? -1 : NEXT(ftruncate64)(descriptor, size);
}

static int fails_allocation(int descriptor) {
    // Whoever has given the reserve up must not find room to make it anew.
    if (orders != NULL && orders->error == ENOSPC && orders->reserve_is_room) return ENOSPC;
    return fails_descriptor(descriptor) ? errno : 0;
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
    const int error = fails_allocation(descriptor);
    return error != 0 ? error : NEXT(posix_fallocate)(descriptor, offset, length);
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
    const int error = fails_allocation(descriptor);
    return error != 0 ? error : NEXT(posix_fallocate64)(descriptor, offset, length);
}

int rename(const char *from, const char *to) {
    return fails_path(from) ? -1 : NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) { return fails_path(path) ? -1 : NEXT(mkdir)(path, mode); }

int unlink(const char *path) {
    // A full disk lets files be removed.
    if (orders != NULL && orders->error != ENOSPC && fails_path(path)) return -1;
    return NEXT(unlink)(path);
}

static bool fails_open(const char *path, int flags) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    // Writing over what is there needs no room.
    if (orders == NULL || !writes || (orders->error == ENOSPC && !(flags & O_CREAT))) return false;
    return fails_path(path);
}

#define OPEN(name)                                            \
    int name(const char *path, int flags, ...) {              \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        const mode_t mode = va_arg(rest, mode_t);             \
        va_end(rest);                                         \
        if (fails_open(path, flags)) return -1;               \
        return NEXT(name)(path, flags, mode);                 \
    }

OPEN(open)
OPEN(open64)

// ---- The wall clock ----

int clock_gettime(clockid_t clock, struct timespec *time) {
    const int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && orders != NULL &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += orders->clock_offset_seconds;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
