#ifndef PALIMPSEST_CLINUX_SOCKET_H
#define PALIMPSEST_CLINUX_SOCKET_H

// Wrappers for what Swift's Glibc module hides or imports with odd types. No logic. Every function
// returns -1 and sets errno, as the calls it wraps do.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

/// An address of any family.
typedef struct {
    struct sockaddr_storage storage;
    socklen_t length;
} clinux_address;

/// Parses a numeric IPv4 or IPv6 address; returns 0, or -1 with EINVAL.
static inline int clinux_address_parse(clinux_address *address, const char *host, uint16_t port) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->length = sizeof *v4;
        return 0;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address->length = sizeof *v6;
        return 0;
    }
    errno = EINVAL;
    return -1;
}

/// Creates the address of a path; returns 0, or -1 with ENAMETOOLONG.
static inline int clinux_address_unix(clinux_address *address, const char *path) {
    memset(address, 0, sizeof *address);
    struct sockaddr_un *local = (struct sockaddr_un *)&address->storage;
    const size_t count = strlen(path);
    if (count == 0 || count >= sizeof local->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, count + 1);
    address->length = sizeof *local;
    return 0;
}

/// Returns the path of a Unix-domain address, empty if it is unnamed; NULL for other families.
static inline const char *clinux_address_path(const clinux_address *address) {
    if (address->storage.ss_family != AF_UNIX) return NULL;
    if (address->length <= sizeof(sa_family_t)) return "";
    return ((const struct sockaddr_un *)&address->storage)->sun_path;
}

/// Copies the raw bytes of a numeric address, 4 or 16, and returns their number; -1 if it is not an
/// address.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) counts as the IPv4 address.
static inline int clinux_address_bytes(const char *host, uint8_t bytes[16]) {
    if (inet_pton(AF_INET, host, bytes) == 1) return 4;
    if (inet_pton(AF_INET6, host, bytes) != 1) return -1;
    if (!IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes)) return 16;
    memmove(bytes, bytes + 12, 4);
    return 4;
}

/// Writes the numeric address into `host` (at least INET6_ADDRSTRLEN bytes) and returns the port;
/// -1 for other families.
static inline int clinux_address_format(const clinux_address *address, char *host,
                                        socklen_t capacity) {
    const void *bytes;
    uint16_t port;
    sa_family_t family = address->storage.ss_family;
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
        bytes = &v4->sin_addr;
        port = v4->sin_port;
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;
        bytes = &v6->sin6_addr;
        port = v6->sin6_port;
        // A listener on :: sees its IPv4 peers as IPv4-mapped addresses.
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            family = AF_INET;
            bytes = v6->sin6_addr.s6_addr + 12;
        }
    } else {
        errno = EAFNOSUPPORT;
        return -1;
    }
    if (inet_ntop(family, bytes, host, capacity) == NULL) return -1;
    return ntohs(port);
}

/// Creates a non-blocking, close-on-exec stream socket of the address's family.
static inline int clinux_socket_stream(const clinux_address *address) {
    return socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline int clinux_bind(int descriptor, const clinux_address *address) {
    return bind(descriptor, (const struct sockaddr *)&address->storage, address->length);
}

static inline int clinux_connect(int descriptor, const clinux_address *address) {
    return connect(descriptor, (const struct sockaddr *)&address->storage, address->length);
}

static inline int clinux_local_address(int descriptor, clinux_address *address) {
    address->length = sizeof address->storage;
    return getsockname(descriptor, (struct sockaddr *)&address->storage, &address->length);
}

/// Accepts a connection as a non-blocking, close-on-exec descriptor.
///
/// Not inline: accept4 needs _GNU_SOURCE, which changes the layout of types that Swift's own
/// modules share.
int clinux_accept(int descriptor, clinux_address *address);

static inline int clinux_reuse_address(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

static inline int clinux_no_delay(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Makes the next close send a reset.
/// Has the kernel tell of input only once so many bytes are there, or no more can come.
static inline int clinux_low_water_mark(int descriptor, int bytes) {
    return setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

static inline int clinux_reset_on_close(int descriptor) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/// Sends without raising a signal if the peer is gone.
static inline ssize_t clinux_send(int descriptor, const void *bytes, size_t count) {
    return send(descriptor, bytes, count, MSG_NOSIGNAL);
}

// ---- The peer's progress ----

/// Returns the TCP progress: bytes of ours that the peer's kernel has acknowledged, and bytes of
/// the peer's that our kernel has received, read or not. With TLS these are encrypted bytes.
/// Returns 0, or -1 with errno, as for sockets that are not TCP.
int clinux_tcp_progress(int descriptor, uint64_t *acknowledged, uint64_t *arrived);

/// Returns how much of the sent data the peer has not taken; for Unix-domain sockets, what it has
/// not read, in the kernel's own measure.
int clinux_unsent(int descriptor, int *bytes);

static inline int clinux_shutdown_output(int descriptor) { return shutdown(descriptor, SHUT_WR); }

// ---- Readiness: epoll(7) ----

/// The readiness of a descriptor: its token, the directions worth an attempt, and whether the peer
/// has ended its direction, even if bytes from it are still unread.
typedef struct {
    uint64_t token;
    bool readable;
    bool writable;
    bool ended;
} clinux_readiness;

/// Creates a close-on-exec epoll instance.
int clinux_epoll_make(void);

/// Reports, edge-triggered, when a descriptor becomes readable.
int clinux_epoll_add(int epoll, int descriptor, uint64_t token);

/// Also reports when an already added descriptor becomes writable; its current readiness is
/// reported once more.
int clinux_epoll_add_output(int epoll, int descriptor, uint64_t token);

/// Stops reporting a descriptor.
int clinux_epoll_remove(int epoll, int descriptor);

/// Takes the pending events without waiting, at most `capacity` (up to 64) of them; returns their
/// number.
int clinux_epoll_take(int epoll, clinux_readiness *events, int capacity);

#endif
