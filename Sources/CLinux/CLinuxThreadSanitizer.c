#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdint.h>

// Tells ThreadSanitizer of the order that Swift's Synchronization.Mutex makes.
//
// Taking a lock that is free, and giving one back that nobody waits for, are atomic operations,
// inlined into code of ours and so instrumented. Where threads meet, libswiftSynchronization has
// the kernel do it, which ThreadSanitizer does not see: it would report what the lock protects as a
// race. The functions here have the names of the two that do that, so that the linker prefers them.
//
// If another version of Swift names them otherwise, these are not called, and it is reported again.

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

/// `_MutexHandle._lockSlow(_:)`, which returns with the lock.
SWIFT void plm_lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
/// `_MutexHandle._unlockSlow()`.
SWIFT void plm_unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);

SWIFT void plm_lock_slow(uint32_t thread, SELF void *mutex) {
    typedef SWIFT void function(uint32_t, SELF void *);
    ((function *)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void plm_unlock_slow(SELF void *mutex) {
    typedef SWIFT void function(SELF void *);
    __tsan_release(mutex);
    ((function *)dlsym(RTLD_NEXT, UNLOCK_SLOW))(mutex);
}

#endif
#endif
