#define _GNU_SOURCE
#include "ForbiddenCalls.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void *nothing(void *argument) { return argument; }

static void open_file(void) { (void)open("/etc/passwd", O_RDONLY); }
static void make_file(void) { (void)open("/tmp/palimpsest-was-here", O_WRONLY | O_CREAT, 0600); }
static void look_at_file(void) {
    struct stat status;
    (void)stat("/etc/passwd", &status);
}
static void remove_file(void) { (void)unlink("/tmp/palimpsest-was-here"); }
static void copy_descriptor(void) { (void)dup(0); }
static void make_pipe(void) {
    int ends[2];
    (void)!pipe(ends);
}
static void make_memory_file(void) { (void)memfd_create("x", 0); }
static void make_socket(void) { (void)socket(AF_INET, SOCK_STREAM, 0); }
static void make_socket_pair(void) {
    int ends[2];
    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}
static void make_process(void) {
    if (fork() == 0) _exit(0);
}
static void make_thread(void) {
    pthread_t thread;
    (void)pthread_create(&thread, NULL, nothing, NULL);
}
static void run_program(void) {
    char *const arguments[] = {"true", NULL}, *const environment[] = {NULL};
    (void)execve("/bin/true", arguments, environment);
}
static void trace(void) { (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL); }
static void read_parent(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    (void)process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}
static void signal_parent(void) { (void)kill(getppid(), 0); }
static void signal_parents_thread(void) { (void)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static void map_code(void) {
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void make_code(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static void raise_limit(void) {
    struct rlimit limit = {16, 16};
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
static void change_process(void) { (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
// With its own status, which tells it from an attempt that fails.
static void become_root(void) {
    if (setuid(0) == 0 && geteuid() == 0) _exit(65);
}
static void make_ring(void) { (void)syscall(SYS_io_uring_setup, 1, NULL); }
static void load_program(void) { (void)syscall(SYS_bpf, 0, NULL, 0); }
// The number that getpid has where addresses are short.
static void call_by_x32(void) { (void)syscall(0x40000000 | SYS_getpid); }

static const struct {
    const char *name;
    void (*attempt)(void);
} attempts[] = {
    {"open a file", open_file},
    {"make a file", make_file},
    {"look at a file", look_at_file},
    {"remove a file", remove_file},
    {"copy a descriptor", copy_descriptor},
    {"make a pipe", make_pipe},
    {"make a file in memory", make_memory_file},
    {"make a socket", make_socket},
    {"make a pair of sockets", make_socket_pair},
    {"make a process", make_process},
    {"make a thread", make_thread},
    {"run a program", run_program},
    {"trace the parent", trace},
    {"read the parent's memory", read_parent},
    {"signal the parent", signal_parent},
    {"signal a thread of the parent", signal_parents_thread},
    {"map memory to execute", map_code},
    {"make memory executable", make_code},
    {"raise a limit", raise_limit},
    {"change the process", change_process},
    {"become root", become_root},
    {"make a ring of calls", make_ring},
    {"load a program into the kernel", load_program},
    {"call by the numbers of x32", call_by_x32},
};

enum { attempt_count = sizeof attempts / sizeof *attempts };

int plm_attempt(const char *name) {
    for (size_t index = 0; index < attempt_count; index++) {
        if (strcmp(name, attempts[index].name) == 0) {
            attempts[index].attempt();
            return 0;
        }
    }
    return -1;
}
