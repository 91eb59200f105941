#include "CVersion.h"

static const uint8_t version[] = {
#embed "../../VERSION"
};

const uint8_t *palimpsest_version(void) { return version; }

size_t palimpsest_version_count(void) { return sizeof version; }

const char *palimpsest_commit(void) { return PALIMPSEST_COMMIT; }
