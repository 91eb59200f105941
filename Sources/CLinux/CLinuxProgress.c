// Separate from the other socket calls: the kernel's header has the newer members of tcp_info, and
// cannot be included together with the C library's <netinet/tcp.h>.
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int clinux_tcp_progress(int descriptor, uint64_t *acknowledged, uint64_t *arrived);
int clinux_unsent(int descriptor, int *bytes);

int clinux_tcp_progress(int descriptor, uint64_t *acknowledged, uint64_t *arrived) {
    struct tcp_info info;
    memset(&info, 0, sizeof info);
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
    // Kernels older than 4.1 return less.
    if (size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) {
        errno = ENOTSUP;
        return -1;
    }
    *acknowledged = info.tcpi_bytes_acked;
    *arrived = info.tcpi_bytes_received;
    return 0;
}

int clinux_unsent(int descriptor, int *bytes) { return ioctl(descriptor, SIOCOUTQ, bytes); }
