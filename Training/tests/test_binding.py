"""Training with surrogates: resumes exactly, learns to hide, and keeps its bounds."""

import json
import random

import numpy as np
import pytest
import torch
from deephiding import binding, budget, courses, export, weights
from deephiding.collage import collage
from deephiding.data import DataError
from deephiding.episodes import Episode, Panel
from deephiding.view import View, crops, without_band

COURSE = {
    **courses.DEFAULTS,
    "bound": 8,
    "side": 32,
    "short": 40,
    "input": 32,
    "crops": [0.85, 1.0],
    "batch": 6,
    "classes": 3,
    "surrogates": "small",
    "episode": 8,
    "pool": 2,
    "replays": 2,
    "kept": 2,
    "grown": [3, 6],
    "free": 2,
}
WITHIN_BUDGET = {**COURSE, "bound": 0, "surrogates": "photos"}
TINY = {
    **binding.DEFAULTS,
    "blocks": 1,
    "growth": 4,
    "iterations": 8,
    "warmup": 2,
    "courses": {"small": COURSE},
}


def photos(count=8):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (80, 96, 3)).astype(np.uint8) for _ in range(count)]


def quiet(_):
    pass


def a_course(**settings):
    return courses.Course({**COURSE, **settings}, 0.5, 1, "cpu")


@pytest.mark.parametrize(
    "given",
    [{"a": COURSE}, {"a": COURSE, "b": WITHIN_BUDGET}, {"a": {**COURSE, "peaks": 0.5}}],
)
def test_a_run_that_was_cut_ends_in_the_same_weights(tmp_path, given):
    recipe = {**TINY, "courses": given}
    whole = binding.run(recipe, photos(), tmp_path / "whole", log=quiet)
    for _ in range(3):
        binding.run(recipe, photos(), tmp_path / "cut", stop_after=0, log=quiet)
    resumed = binding.run(recipe, photos(), tmp_path / "cut", log=quiet)
    assert resumed.step == whole.step == 8 and resumed.skipped == 0
    for a, b in zip(whole.network.parameters(), resumed.network.parameters()):
        assert torch.equal(a, b)
    for name, course in whole.courses.items():
        assert resumed.courses[name].strength == course.strength
        assert resumed.courses[name].step == 8 / len(given)
    steps = [
        json.loads(line)["step"]
        for line in (tmp_path / "cut" / "log.jsonl").read_text().splitlines()
    ]
    assert steps == list(range(1, 9))


def test_another_recipe_does_not_resume(tmp_path):
    binding.run(TINY, photos(), tmp_path, stop_after=0, log=quiet)
    with pytest.raises(DataError, match="another recipe"):
        binding.run({**TINY, "gain": 0.9}, photos(), tmp_path, log=quiet)


def test_a_course_refuses_unknown_settings(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text('{"courses": {"small": {"bund": 8}}}')
    with pytest.raises(DataError, match="unknown settings of 'small': bund"):
        binding.load_recipe(file)


def test_a_panel_remembers_as_many_windows_as_asked_and_learns_from_them():
    panel = Panel({**COURSE, "replays": 3, "kept": 2}, True, "cpu")
    rng, labels = random.Random(1), torch.tensor([0, 1, 2])
    before = [p.clone() for p in panel.models[0].parameters()]
    for _ in range(3):
        panel.remember(torch.randn(3, 3, 32, 32), labels, rng)
    assert len(panel.seen) == 2 and panel.age == 6
    assert any(not torch.equal(a, b) for a, b in zip(before, panel.models[0].parameters()))


def test_a_step_that_is_not_finite_is_skipped():
    trainer = binding.Trainer(TINY, photos())
    with torch.no_grad():
        trainer.network.blocks[0].phi.conv5.bias[0] = float("nan")
    assert trainer.advance() is None and trainer.skipped == 1


def test_the_change_weakens_while_surrogates_tell_it_and_strengthens_when_they_do_not():
    course = a_course(start_strength=4.0, strength=1.0, target=0.4)
    youngest, oldest = COURSE["grown"]
    for right, factor in ((0.41, courses.WEAKER), (0.9, courses.MUCH_WEAKER)):
        before = course.strength
        for _ in range(courses.LOOK):
            course.adjust(youngest, right)
        assert course.strength == pytest.approx(before * factor)
    for _ in range(10 * courses.LOOK):
        course.adjust(youngest, 0.1)
    assert course.strength == 4
    for _ in range(10 * courses.LOOK):
        course.adjust(youngest - 1, 0.9)
        course.adjust(oldest, 0.9)
    assert course.strength == 4
    for _ in range(100 * courses.LOOK):
        course.adjust(youngest, 0.9)
    assert course.strength == 1


def test_the_change_stays_within_its_bound_or_budget():
    trainer = binding.Trainer({**TINY, "spread": 1.0}, photos())
    cover, secret = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        raw, change = courses.proposed(trainer.network, cover, secret, 0.5, 8, 0.5)
        assert raw.abs().max() > 4 >= change.abs().max()
        _, change = courses.proposed(trainer.network, cover, secret, 0.5, 0, 0.5)
    red, green, blue = change.unbind(1)
    parts = torch.stack([(red + green) / 2, (red - green) / 2, blue - (red + green) / 2], 1)
    assert (parts.abs() <= 0.5 * budget.amplitudes(cover) + 1e-4).all()


def test_changes_that_are_alike_or_tinted_cost():
    course = a_course()
    labels = torch.tensor([0, 0, 1])
    alike = torch.randn(1, 3, 32, 32).expand(3, -1, -1, -1)
    apart = torch.randn(3, 3, 32, 32)
    assert course.alike(alike, labels)["distinct"] == pytest.approx(1 - COURSE["alike"], abs=1e-4)
    assert course.alike(apart, labels)["distinct"] == 0
    assert course.alike(torch.ones(3, 3, 32, 32), labels)["even"] == pytest.approx(1)
    assert course.alike(apart, labels)["even"] < 0.01
    # No two of a class: nothing to compare.
    assert course.alike(alike, torch.tensor([0, 1, 2]))["distinct"] == 0


def test_a_ring_of_the_spectrum_is_removed_and_the_rest_kept():
    x = torch.rand(1, 3, 64, 64)
    removed = x - without_band(x, torch.Generator().manual_seed(4))
    before, after = (torch.fft.fft2(part).abs() for part in (x, removed))
    gone = after > 0.99 * before
    frequency = torch.fft.fftfreq(64)
    radius = (frequency[:, None].square() + frequency[None].square()).sqrt()
    rings = radius.expand_as(before)[gone]
    assert 0.02 < gone.float().mean() < 0.9
    assert 2**0.45 < rings.max() / rings.min() < 2.1
    assert (after[~gone] < 0.01 * before[~gone] + 1e-3).all()


def test_windows_are_crops_of_the_picture():
    ramp = torch.arange(64.0).expand(200, 3, 64, 64) / 64
    seen = crops(ramp, torch.Generator().manual_seed(1), (0.25**2, 0.5**2), (32, 32))
    width = (seen.amax((1, 2, 3)) - seen.amin((1, 2, 3))) * 32 / 31
    # Shares of the side, by the square root of ratios up to 4:3.
    assert 0.2 < width.min() < 0.3 and 0.5 < width.max() < 0.6
    mirrored = (seen[:, 0, 0, 0] > seen[:, 0, 0, -1]).float().mean()
    assert 0.35 < mirrored < 0.65


def test_the_view_makes_pictures_gray_as_often_as_asked():
    recipe = {**COURSE, "gray": 0.5, "noise": 0.0, "jpeg": 0.0, "band": 0.0, "rescale": 0.0}
    view = View(recipe, random.Random(1), torch.Generator().manual_seed(1))
    found = [view(torch.rand(2, 3, 32, 32)) for _ in range(60)]
    assert 15 < sum(gray for _, gray in found) < 45
    for seen, gray in found:
        assert torch.allclose(seen[:, 0], seen[:, 2], atol=1e-5) == gray


def test_an_episode_hides_windows_of_its_classes_collages():
    recipe = {**COURSE, "classes": 4}
    episode = Episode(recipe, random.Random(7))
    secret = episode.secret(2, 32, random.Random(3))
    whole = collage(episode.family, episode.first + 2, episode.textures[2], 96, 96)
    assert secret.shape == (3, 32, 32)
    assert any(
        np.array_equal(whole[:, top : top + 32, left : left + 32], secret)
        for top in range(65)
        for left in range(65)
    )


def test_collages_of_a_class_share_colours_and_those_of_others_do_not():
    def colours(index, texture):
        pixels = collage(5, index, texture, 64, 64).reshape(3, -1)
        return np.histogramdd(pixels.T, bins=6, range=[(0, 1)] * 3)[0].ravel() / pixels.shape[1]

    own = np.minimum(colours(3, 1), colours(3, 2)).sum()
    others = [np.minimum(colours(3, 1), colours(index, 1)).sum() for index in range(4, 12)]
    assert own > 0.85 and max(others) < 0.6
    assert not np.array_equal(collage(5, 3, 1, 64, 64), collage(5, 3, 2, 64, 64))


def test_a_level_of_luminance_and_of_blue_differ_by_the_ground_as_ciede2000_says():
    # ΔE00 of small uniform changes, by the formula's own definition (Sharma et al. 2005).
    wanted = {
        (128, 128, 128): (0.8 / 2, 2.4 / 4),
        (135, 170, 210): (0.6 / 2, 0.9 / 4),
        (224, 172, 150): (0.5 / 2, 1.6 / 4),
        (40, 40, 40): (0.6 / 2, 2.8 / 4),
    }
    for colour, (luminance, blue) in wanted.items():
        ground = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 4, 4) / 255
        found = budget.difference_of_a_level(ground)[0, :, 1, 1]
        assert found[0] == pytest.approx(luminance, rel=0.25), colour
        assert found[2] == pytest.approx(blue, rel=0.45), colour


def test_texture_opens_the_budget_and_a_lone_edge_does_not():
    even = torch.full((1, 3, 24, 24), 0.5)
    edge = even.clone()
    edge[..., 12:] += 0.1
    checks = even.clone()
    checks[..., ::2, ::2] += 0.1
    checks[..., 1::2, 1::2] += 0.1
    flat, beside, busy = (budget.amplitudes(image)[0, 0, 8:16] for image in (even, edge, checks))
    assert torch.allclose(beside[:, :10], flat[:, :10], rtol=0.01)
    assert (busy[:, 8:16] > 2 * flat[:, 8:16]).all()


def test_a_run_begins_with_the_network_of_a_checkpoint_or_a_weights_file(tmp_path):
    first = binding.run(TINY, photos(), tmp_path, log=quiet)
    file = tmp_path / "weights.safetensors"
    weights.save(file, first.network, {}, {}, "", export.use(TINY))
    for start in (tmp_path / "checkpoint.pt", file):
        trainer = binding.Trainer({**TINY, "start": str(start)}, photos())
        for a, b in zip(first.network.parameters(), trainer.network.parameters()):
            assert torch.equal(a, b)
    assert weights.load(file)[1]["photo_mask"] == "perceptual"
    assert weights.load(file)[1]["gain"] == str(TINY["gain"])
