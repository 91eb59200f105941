#ifndef PALIMPSEST_CZLIB_SHIM_H
#define PALIMPSEST_CZLIB_SHIM_H
#include <zlib.h>
#endif
