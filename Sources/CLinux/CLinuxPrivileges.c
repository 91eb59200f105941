#define _GNU_SOURCE
#include "CLinuxPrivileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// By number, since the C library has no wrapper for capabilities; each set is two 32-bit words.
enum { words = _LINUX_CAPABILITY_U32S_3, last_possible = 63 };

static int read_capabilities(struct __user_cap_data_struct data[words]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    return syscall(SYS_capget, &header, data) == 0 ? 0 : errno;
}

bool plm_may_change_user(void) {
    struct __user_cap_data_struct data[words];
    if (read_capabilities(data) != 0) return false;
    const uint32_t wanted = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL;
    return (data[0].effective & wanted) == wanted;
}

void plm_bound_capabilities(void) {
    for (int capability = 0; capability <= last_possible; capability++) {
        if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
}

int plm_become(uid_t user, gid_t group) {
    // Drop the groups first: an ordinary user cannot change them.
    if (setgroups(0, NULL) != 0) return errno;
    if (setresgid(group, group, group) != 0) return errno;
    if (setresuid(user, user, user) != 0) return errno;
    // A way back would mean that nothing was given up.
    if (user != 0 && setresuid(-1, 0, -1) == 0) return EPERM;
    return 0;
}

int plm_drop_capabilities(void) {
    // Kernels before 4.3 have no ambient capabilities; on later ones they also vanish with the
    // permitted set.
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const struct __user_cap_data_struct none[words] = {{0}};
    return syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}
