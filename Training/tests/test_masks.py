"""The reference of `mask=photo`, computed by hand."""

import numpy as np
import pytest
from evaluate import masks


def test_blue_keeps_its_share_where_there_is_blue():
    cover = np.zeros((1, 4, 3), np.float32)
    cover[0, :, 2] = 0, 0.25, 0.5, 1
    shares = masks.weights(cover, 0.15, 0.1, 0.5, 0.9)
    assert shares[0, :, 2] == pytest.approx([0.1, 0.5, 0.9, 0.9])
    assert (shares[..., :2] == np.float32(0.15)).all()


def test_a_picture_keeps_what_the_mask_leaves_of_its_change():
    original = np.full((6, 6, 3), 200, np.uint8)
    original[..., 2] = 0
    changed = original + np.uint8(8)
    # 8 * 0.15 = 1.2 and, without blue, 8 * 0.25 = 2.
    assert (
        np.unique(masks.masked(original, changed, (0.15, 0.25, 0.35, 1)).reshape(-1, 3), axis=0)
        .tolist()
        == [[201, 201, 2]]
    )
    assert (masks.masked(original, changed, (1, 1, 1, 1)) == changed).all()
