#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE "Filter.h"
#include "EachSet.h"

void plm_filter_rows(plm_instruction_set set, uint8_t *samples, size_t row_bytes, size_t rows,
                     size_t pixel_bytes, uint8_t *scratch) {
    uint8_t *const row = scratch, *const zeros = scratch + row_bytes;
    memset(zeros, 0, row_bytes);
    // From the last row up, so that a row grows into space that has already been processed.
    for (size_t y = rows; y-- > 0;) {
        memcpy(row, samples + y * row_bytes, row_bytes);
        const uint8_t *const above = y > 0 ? samples + (y - 1) * row_bytes : zeros;
        DISPATCH(set, filter_row, row, above, row_bytes, pixel_bytes,
                 samples + y * (row_bytes + 1));
    }
}

void plm_filter_band(plm_instruction_set set, const uint8_t *samples, size_t row_bytes,
                     size_t first, size_t rows, size_t pixel_bytes, uint8_t *scratch, uint8_t *to) {
    memset(scratch, 0, row_bytes);
    for (size_t y = first; y < first + rows; y++) {
        const uint8_t *const row = samples + y * row_bytes;
        const uint8_t *const above = y > 0 ? row - row_bytes : scratch;
        DISPATCH(set, filter_row, row, above, row_bytes, pixel_bytes, to);
        to += row_bytes + 1;
    }
}
