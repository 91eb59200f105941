#include "CPublicFiles.h"

static const uint8_t openapi[] = {
#embed "../../Public/openapi.json"
};

const uint8_t *palimpsest_openapi(void) { return openapi; }

size_t palimpsest_openapi_count(void) { return sizeof openapi; }
