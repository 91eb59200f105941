#define _GNU_SOURCE
#include "CLinuxSocket.h"

int clinux_accept(int descriptor, clinux_address *address) {
    address->length = sizeof address->storage;
    return accept4(
        descriptor, (struct sockaddr *)&address->storage, &address->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
