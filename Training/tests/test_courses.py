"""How a course weakens the change, and what a panel sees while it is young."""

import pytest
from deephiding import courses, export

COURSE = {
    **courses.DEFAULTS,
    "bound": 8, "side": 32, "short": 40, "input": 32, "batch": 6, "classes": 3,
    "surrogates": "small", "pool": 1, "grown": [100, 400], "start_strength": 3.0,
}  # fmt: skip


def a_course(**settings):
    return courses.Course({**COURSE, **settings}, 0.5, 1, "cpu")


@pytest.mark.parametrize(
    ("strength", "age", "wanted"), [(1, 0, 2), (1, 50, 1.5), (1, 100, 1), (1, 300, 1), (2, 0, 3)]
)
def test_a_young_panel_sees_more_of_the_change_and_a_grown_one_does_not(strength, age, wanted):
    course = a_course(ease=1.0)
    course.strength = strength
    assert course.strength_at(age) == pytest.approx(wanted)


def test_without_ease_all_panels_see_the_same():
    course = a_course()
    assert course.strength_at(0) == course.strength_at(400) == 3.0


@pytest.mark.parametrize(("bounds", "side"), [([8], 128), ([0], 256), ([8, 0], 256)])
def test_weights_are_for_the_size_that_their_limit_was_chosen_at(bounds, side):
    recipe = {"gain": 0.5, "courses": {str(i): {"bound": b} for i, b in enumerate(bounds)}}
    assert export.use(recipe)["working_size"] == side
