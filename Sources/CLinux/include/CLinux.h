#ifndef PALIMPSEST_CLINUX_H
#define PALIMPSEST_CLINUX_H

#include "CLinuxFilter.h"
#include "CLinuxPrivileges.h"
#include "CLinuxProcess.h"
#include "CLinuxSocket.h"
#include "CLinuxTeam.h"

#endif
