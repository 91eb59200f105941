"""Distances between semantic images, on images with known distances."""

import numpy as np
import pytest
from evaluate import separation
from PIL import Image


def strokes(angle, phase=0.0, side=64, wavelength=8):
    y, x = np.mgrid[0:side, 0:side]
    wave = np.sin(2 * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return np.repeat((127.5 + 100 * wave).astype(np.uint8)[..., None], 3, -1)


def test_a_shift_changes_the_edges_but_not_the_spectrum_and_a_turn_changes_both():
    images = [strokes(0), strokes(0, 2.0), strokes(np.pi / 2)]
    found = separation.measure(images, [0, 0, 1])
    within, between, least = found["spectra, 1 - cosine"]
    assert within < 0.01 and between > 0.95 and least == pytest.approx(between, abs=0.05)
    assert found["edges, 1 - IoU"][0] > 0.5
    assert separation.overlap(separation.edges(images[0]), separation.edges(images[0])) == 1


def test_the_generators_classes_are_farther_apart_than_its_textures():
    images, labels = separation.generated(10, 3, 32, 1000)
    within, between, least = separation.measure(images, labels)["spectra, 1 - cosine"]
    assert within < 0.05 and between > 0.6 and least > 2 * within


def test_a_folder_of_images_is_read_class_by_class(tmp_path):
    for name, angle in (("cat", 0), ("dog", 1)):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.fromarray(strokes(angle, i)).save(tmp_path / name / f"{i}.png")
    Image.fromarray(strokes(0)).save(tmp_path / "cat-edges.png")
    images, labels = separation.from_folder(tmp_path, 2, 32)
    assert labels == [0, 0, 1, 1] and images[0].shape == (32, 32, 3)
