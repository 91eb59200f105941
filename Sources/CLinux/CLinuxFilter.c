#define _GNU_SOURCE
#include "CLinuxFilter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// The filter loads the low half of an argument first, which holds on both architectures.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "arguments are read as little-endian numbers");

// The system calls of a decoding process. It moves bytes over open descriptors, allocates and frees
// memory, waits for locks, tells the time, draws random numbers and exits. No call takes a path,
// creates a descriptor, process or thread, or reaches another process. The numbers differ between
// architectures, the list does not.
static const int allowed[] = {
    // I/O, most frequent first.
    SYS_recvfrom, SYS_sendto, SYS_read, SYS_write, SYS_writev, SYS_close,
    // Memory; the arguments of mmap and mprotect are checked below.
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk,
    // Locks, time and randomness, where the vDSO does not suffice.
    SYS_futex, SYS_sched_yield, SYS_clock_gettime, SYS_gettimeofday, SYS_getrandom,
    // The process's own identity and signals, needed for messages and for abort.
    SYS_getpid, SYS_gettid, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn,
    SYS_restart_syscall,
    // Exit.
    SYS_exit, SYS_exit_group,
};

enum {
    allowed_count = sizeof allowed / sizeof *allowed,
    max_instructions = 2 * allowed_count + 24
};

struct program {
    struct sock_filter instructions[max_instructions];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter instruction) {
    program->instructions[program->count++] = instruction;
}

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void finish(struct program *program, uint32_t action) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

// Continues with the next instruction if the loaded number is `value`, and skips `skipped`
// instructions if not.
static void unless_equal(struct program *program, uint32_t value, uint8_t skipped) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped));
}

static void allow(struct program *program, int call) {
    unless_equal(program, (uint32_t)call, 1);
    finish(program, SECCOMP_RET_ALLOW);
}

// Allows a call unless its argument has any of the bits.
static void allow_without(struct program *program, int call, size_t argument, uint32_t bits) {
    unless_equal(program, (uint32_t)call, 4);
    load(program, offsetof(struct seccomp_data, args[argument]));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    finish(program, SECCOMP_RET_KILL_PROCESS);
    finish(program, SECCOMP_RET_ALLOW);
}

// Allows a call if its argument has this value.
static void allow_with(struct program *program, int call, size_t argument, uint32_t value) {
    unless_equal(program, (uint32_t)call, 4);
    load(program, offsetof(struct seccomp_data, args[argument]));
    unless_equal(program, value, 1);
    finish(program, SECCOMP_RET_ALLOW);
    finish(program, SECCOMP_RET_KILL_PROCESS);
}

int plm_filter_system_calls(void) {
#if defined(NATIVE_ARCHITECTURE)
    struct program program = {.count = 0};
    // A machine may also run programs of another architecture, whose call numbers differ. The
    // numbers of x32 are not in the list.
    load(&program, offsetof(struct seccomp_data, arch));
    add(&program,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0));
    finish(&program, SECCOMP_RET_KILL_PROCESS);
    load(&program, offsetof(struct seccomp_data, nr));
    for (size_t index = 0; index < allowed_count; index++) allow(&program, allowed[index]);
    // Writable memory is never executable.
    allow_without(&program, SYS_mmap, 2, PROT_EXEC);
    allow_without(&program, SYS_mprotect, 2, PROT_EXEC);
    // An abort is a signal to the process itself.
    allow_with(&program, SYS_tgkill, 0, (uint32_t)getpid());
    finish(&program, SECCOMP_RET_KILL_PROCESS);
    const struct sock_fprog filter = {.len = program.count, .filter = program.instructions};
    // All threads or none: returns the ID of a thread that could not be synchronised.
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result < 0) return errno;
    return result == 0 ? 0 : EBUSY;
#else
    return ENOSYS;
#endif
}
