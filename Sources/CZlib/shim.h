#ifndef PALIMPSEST_CZLIB_SHIM_H
#define PALIMPSEST_CZLIB_SHIM_H
#include <zlib.h>

// A macro that Swift does not see. Negative bits: deflate without zlib's own header, as in ZIP.
static inline int plm_inflate_init_raw(z_stream *stream) {
    return inflateInit2(stream, -MAX_WBITS);
}
#endif
