#ifndef PALIMPSEST_CDEFLATE_SHIM_H
#define PALIMPSEST_CDEFLATE_SHIM_H
#include <libdeflate.h>
#endif
