// The position of a coefficient in a branch.
#ifndef PALIMPSEST_BRANCH_H
#define PALIMPSEST_BRANCH_H

#include "Grid.h"

/// Returns the first tile of a row of coefficients, in its plane of column 0.
static inline size_t plm_branch_row(const plm_grid *grid, size_t channel, size_t row) {
    return (channel * PLM_TILE + row % PLM_TILE) * PLM_TILE * grid->span + grid->margin +
           row / PLM_TILE * grid->columns;
}

/// Returns the distance from there to a column.
static inline size_t plm_branch_column(const plm_grid *grid, size_t column) {
    return column % PLM_TILE * grid->span + column / PLM_TILE;
}

#endif
