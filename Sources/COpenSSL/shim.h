#ifndef PALIMPSEST_COPENSSL_SHIM_H
#define PALIMPSEST_COPENSSL_SHIM_H
#include <openssl/evp.h>
#endif
