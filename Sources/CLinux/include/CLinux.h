#ifndef PALIMPSEST_CLINUX_H
#define PALIMPSEST_CLINUX_H

#include "CLinuxSocket.h"

#endif
