#define _GNU_SOURCE
#include "CLinuxSocket.h"

#include <sys/epoll.h>

int clinux_accept(int descriptor, clinux_address *address) {
    address->length = sizeof address->storage;
    return accept4(descriptor, (struct sockaddr *)&address->storage, &address->length,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_epoll_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int descriptor, uint32_t flags, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | flags,
                                .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int clinux_epoll_add(int epoll, int descriptor, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, 0, token);
}

int clinux_epoll_add_output(int epoll, int descriptor, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, EPOLLOUT, token);
}

int clinux_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

int clinux_epoll_take(int epoll, clinux_readiness *events, int capacity) {
    struct epoll_event raw[64];
    const int room = (int)(sizeof raw / sizeof *raw);
    const int count = epoll_wait(epoll, raw, capacity < room ? capacity : room, 0);
    for (int index = 0; index < count; index++) {
        const uint32_t flags = raw[index].events;
        // The next attempt in either direction reports an error or a hang-up.
        const bool is_broken = flags & (EPOLLERR | EPOLLHUP);
        events[index] = (clinux_readiness){
            .token = raw[index].data.u64,
            .readable = is_broken || flags & (EPOLLIN | EPOLLRDHUP),
            .writable = is_broken || flags & EPOLLOUT,
            .ended = is_broken || flags & EPOLLRDHUP,
        };
    }
    return count;
}
