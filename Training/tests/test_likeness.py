"""How alike changes are: the same on every picture, or each its own."""

import numpy as np
from evaluate.likeness import likeness


def pictures(changes):
    rng = np.random.default_rng(1)
    x = rng.integers(20, 200, (6, 8, 8, 3)).astype(np.uint8)
    return x, np.array([0, 0, 0, 1, 1, 1]), (x + changes).astype(np.uint8)


def test_a_change_of_the_class_alone_correlates_by_one():
    of_class = np.random.default_rng(2).integers(-8, 9, (2, 8, 8, 3)).repeat(3, 0)
    found = likeness(*pictures(of_class))
    assert abs(found["delta_correlation_same_class"] - 1) < 1e-5
    assert found["delta_mean_difference_same_class"] == 0


def test_changes_of_their_own_do_not_correlate():
    found = likeness(*pictures(np.random.default_rng(2).integers(-8, 9, (6, 8, 8, 3))))
    assert abs(found["delta_correlation_same_class"]) < 0.15
    assert 5 < found["delta_mean_difference_same_class"] < 7
