#ifndef PALIMPSEST_CLINUX_H
#define PALIMPSEST_CLINUX_H

#include "CLinuxProcess.h"
#include "CLinuxSocket.h"

#endif
