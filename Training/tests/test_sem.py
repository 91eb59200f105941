"""SEM's reference and its ablations, and the surrogate that the product's engine gets."""

from dataclasses import replace

import learners
import numpy as np
import pytest
import torch
from evaluate import shapes
from methods.golden import NAMES, surrogate
from methods.sem import noise, weights
from methods.shifts import Shift
from safetensors import safe_open
from torch.nn import functional as F

SMALL = replace(noise.CPU, steps=60, batch=50, decay=40, final_steps=5, final_draws=1)


@pytest.fixture(scope="module")
def pictures():
    return shapes.generate(150, 0)


def loss(fit, pixels, labels):
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5
    with torch.no_grad():
        return F.cross_entropy(fit.model.eval()(inputs), torch.from_numpy(labels.astype(np.int64)))


@pytest.mark.parametrize("kind", [noise.plain, noise.robust, lambda recipe: recipe])
def test_the_noise_makes_its_surrogate_surer_within_the_bound(pictures, kind):
    pixels, labels = pictures
    fit = noise.fit(pixels, labels, 0, kind(replace(SMALL, steps=12)))
    released = fit.released()
    change = released.astype(int) - pixels
    assert released.dtype == np.uint8 and 7 <= np.abs(change).max() <= 8
    assert loss(fit, released, labels) < loss(fit, pixels, labels)
    # Sample-wise: two pictures of a class get different noise.
    first, second = np.flatnonzero(labels == labels[0])[:2]
    assert (change[first] != change[second]).any()


def test_equal_seeds_give_equal_noise_and_the_ablations_differ(pictures):
    pixels, labels = pictures
    few = replace(SMALL, steps=3)
    made = [
        noise.fit(pixels, labels, 0, recipe).released()
        for recipe in (few, few, noise.plain(few), noise.robust(few))
    ]
    assert (made[0] == made[1]).all()
    assert all((made[a] != made[b]).any() for a, b in ((0, 2), (0, 3), (2, 3)))


def test_what_the_noise_must_stand_is_random_for_sem_and_raises_the_loss_for_rem(pictures):
    pixels, labels = pictures
    fits = {
        name: noise.fit(pixels, labels, 0, kind(replace(SMALL, steps=20)))
        for name, kind in (("REM", noise.robust), ("SEM", lambda r: r), ("EM", noise.plain))
    }
    own = torch.from_numpy(labels.astype(np.int64))
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5
    raised = {}
    for name, fit in fits.items():
        fit.model.eval()
        moved = fit.perturbed(inputs, own)
        assert (moved - inputs).abs().max() <= fit.recipe.radius + 1e-6
        with torch.no_grad():
            raised[name] = F.cross_entropy(fit.model(moved), own) - F.cross_entropy(
                fit.model(inputs), own
            )
    assert raised["EM"] == 0 and raised["REM"] > 0.02 + raised["SEM"].abs()


def test_the_papers_recipe_is_the_papers():
    paper = noise.PAPER
    assert (paper.learner, paper.steps, paper.batch, paper.decay) == ("ResNet-18", 5000, 128, 2000)
    assert (paper.noise_steps, paper.draws, paper.attack_steps) == (10, 5, 10)
    assert paper.radius == pytest.approx(4 / 255) and noise.EPSILON == 8
    # 2 * 8 / 255 in ten steps, and 2 * 4 / 255 in ten: the authors' 1.6/255 and 0.8/255.
    assert 2 * noise.EPSILON / paper.noise_steps == 1.6
    assert 2 * 255 * paper.radius / paper.attack_steps == pytest.approx(0.8)


def test_shifts_are_numpys_and_gradients_go_back_where_they_came_from():
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(6, 3, 8, 10)
    shift = Shift(images.shape, 2, generator)
    images.requires_grad_()
    moved = shift(images)
    weights_ = torch.rand_like(moved)
    (moved * weights_).sum().backward()
    for index in range(len(images)):
        padded = np.pad(images[index].detach().numpy(), ((0, 0), (2, 2), (2, 2)))
        rows, columns = shift.rows[index].numpy(), shift.columns[index].numpy()
        assert (moved[index].detach().numpy() == padded[:, rows][:, :, columns]).all()
    # A permutation with zeros: each gradient is one of the weights, or nothing.
    found = images.grad[images.grad != 0]
    assert np.isin(found.numpy(), weights_.numpy()).all() and len(found) > 0.5 * images.numel()


def test_the_folded_surrogate_is_the_network(tmp_path):
    model = surrogate()
    path = tmp_path / "sem.safetensors"
    weights.save(path, model, noise.CPU, 32, NAMES, {"steps": 0})
    with safe_open(str(path), "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    assert metadata["format"] == "palimpsest-sem" and metadata["working_size"] == "64"

    def convolved(x, name, stride=1):
        weight = tensors[f"{name}.weight"]
        return F.conv2d(x, weight, tensors[f"{name}.bias"], stride, weight.shape[2] // 2)

    x = torch.rand(2, 3, 17, 22) - 0.5
    planes = F.relu(convolved(x, "stem"))
    for index in range(4):
        name = f"stages.{index}"
        wider = f"{name}.shortcut.weight" in tensors
        middle = F.relu(convolved(planes, f"{name}.first", 2 if wider else 1))
        rest = convolved(planes, f"{name}.shortcut", 2) if wider else planes
        planes = F.relu(convolved(middle, f"{name}.second") + rest)
    logits = planes.mean((2, 3)) @ tensors["head.weight"].T + tensors["head.bias"]
    assert torch.allclose(logits, model(x), atol=1e-5)
    assert isinstance(model, learners.NarrowResNet)
