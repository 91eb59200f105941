#ifndef PALIMPSEST_CWEBP_SHIM_H
#define PALIMPSEST_CWEBP_SHIM_H
#include <webp/decode.h>
#include <webp/encode.h>
#endif
