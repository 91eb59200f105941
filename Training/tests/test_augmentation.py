"""Random crops: size and area, coordinates within the image, and mirroring of half of them."""

import numpy as np
import torch
from evaluate import augmentation


def test_resized_crops_show_eight_to_a_hundred_percent_of_the_picture_and_half_are_mirrored():
    # Every sample encodes its own position: red the column, green the row, both from -1 to 1.
    row, column = torch.meshgrid(
        torch.linspace(-1, 1, 256), torch.linspace(-1, 1, 256), indexing="ij"
    )
    images = torch.stack([column, row, torch.zeros_like(row)]).expand(400, 3, 256, 256)
    out = augmentation.resized(images, torch.Generator().manual_seed(0), 0.08, 112)
    assert out.shape == (400, 3, 112, 112)
    width = (out[:, 0, 0, -1] - out[:, 0, 0, 0]) / 2
    height = (out[:, 1, -1, 0] - out[:, 1, 0, 0]) / 2
    assert (height > 0).all() and 0.4 < (width < 0).float().mean() < 0.6
    area, ratio = width.abs() * height, width.abs() / height
    assert 0.06 < area.min() < 0.12 and 0.85 < area.max() <= 1 and 0.45 < area.mean() < 0.6
    assert 0.7 < ratio.min() < 0.8 and 1.25 < ratio.max() < 1.4


def test_shifts_move_by_at_most_the_padding_and_bring_in_black():
    pixels = torch.full((200, 8, 8, 3), 50, dtype=torch.uint8)
    pixels[:, 4, 4] = 255
    out = augmentation.shifted(pixels, np.random.default_rng(0), 2).numpy()
    places = np.argwhere(out[..., 0] == 255)[:, 1:]
    assert set(places[:, 0]) == {2, 3, 4, 5, 6} and set(places[:, 1]) == {1, 2, 3, 4, 5, 6}
    assert set(np.unique(out)) == {0, 50, 255}


def test_the_middle_is_the_middle():
    pixels = np.arange(36).reshape(1, 6, 6, 1)
    assert augmentation.middle(pixels, 2)[0, ..., 0].tolist() == [[14, 15], [20, 21]]
