"""Wave projection in the loop: a planted wave is found and taken out, and no more than asked."""

import numpy as np
import torch
from deephiding.peaks import KEPT, SLOWEST, Spectra, without

SIDE, CLASSES = 32, 3


def wave(down, across):
    """Eight levels of a gray wave, in cycles per side."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    phase = 2 * np.pi * (down * y + across * x) / SIDE
    return 8 * torch.sin(phase).expand(3, SIDE, SIDE)


def planted(waves):
    """Noise with each class's wave, and the labels."""
    labels = torch.arange(30) % CLASSES
    noise = torch.randn(30, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    return noise + torch.stack([waves[label] for label in labels]), labels


def spectra(waves):
    found = Spectra()
    found.add(*planted(waves), CLASSES)
    return found


def test_the_waves_of_classes_are_found():
    kept = spectra([wave(5, 4), wave(-6, 7), wave(0, 9)]).kept(1)
    for down, across in ((5, 4), (-6, 7), (0, 9)):
        assert not kept[down % SIDE, across]
    # Luminance and blue of a gray wave: one wave a class and channel, of which one is noise.
    assert (~kept).sum() <= 2 * CLASSES


def test_without_the_waves_nothing_of_them_is_left_and_the_rest_stays():
    plain = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    kept = torch.ones(SIDE, SIDE // 2 + 1, dtype=torch.bool)
    kept[5, 4] = False
    left = without(plain + wave(5, 4) / 255, kept)
    torch.testing.assert_close(left, without(plain, kept))
    torch.testing.assert_close(without(plain, torch.ones_like(kept)), plain)
    torch.testing.assert_close(left.mean((2, 3)), plain.mean((2, 3)))


def test_what_all_classes_have_and_slow_waves_are_left_alone():
    slow = [wave(1, 0), wave(0, 2), wave(2, 1)]
    kept = spectra(slow).kept(2)
    y, x = np.mgrid[-(SIDE // 2) : SIDE // 2, : SIDE // 2 + 1]
    radius = np.fft.ifftshift(np.hypot(y, x), axes=0)
    assert kept.numpy()[radius < SLOWEST].all()
    # One wave in all of them tells no class.
    assert spectra([wave(5, 4)] * 3).kept(1)[5, 4]


def test_the_mean_follows_the_network():
    found = spectra([wave(5, 4)] * 3)
    before = found.power[0, 0, 5, 4].item()
    for _ in range(3):
        found.add(torch.zeros(3, 3, SIDE, SIDE), torch.arange(3), CLASSES)
    np.testing.assert_allclose(found.power[0, 0, 5, 4].item(), before * KEPT**3, rtol=1e-4)
