#ifndef PALIMPSEST_CSPNG_SHIM_H
#define PALIMPSEST_CSPNG_SHIM_H
#include <spng.h>
#endif
