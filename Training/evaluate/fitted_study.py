"""What a network learns from a method under a recipe other than its row's: the notes' section 9.

    python -m evaluate.fitted_study --dataset cifar10.tar --method sem --recipe '{"steps": 600}'
    python -m evaluate.fitted_study --dataset cifar10.tar --method colour --colour 0.9,-0.1,-0.5

On the validation split, seed 0. `colour` is a try at UGE: the shipped network's change projected on
one direction of colour, which a licensed learner (`--licensed`) leaves out.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from methods.sem import generated, noise

from . import classifier, countermeasures, datasets, perturbations, product
from .splits import splits

KINDS = {"sem": lambda recipe: recipe, "em": noise.plain, "rem": noise.robust}
GAIN = 3


def by_noise(arguments, x, y):
    recipe = KINDS[arguments.method](replace(noise.CPU, **json.loads(arguments.recipe)))
    return noise.fit(x, y, 0, recipe, print).released()


def by_generator(arguments, x, y):
    recipe = replace(noise.CPU, **json.loads(arguments.recipe))
    options = json.loads(arguments.options)
    return generated.generator_fit(x, y, 0, recipe, print, **options).released()


def by_colour(arguments, x, y, names):
    direction = direction_of(arguments)
    protected = product.protect(
        arguments.binary, arguments.weights, x, y, names, 1000, Path(arguments.cache),
        ("--mode", "sample-wise", "--mask", "none"),
    )  # fmt: skip
    along = GAIN * ((protected.astype(float) - x) @ direction)
    bound = perturbations.EPSILON / np.abs(direction).max()
    along = along / np.sqrt(1 + (along / bound) ** 2)
    return np.clip(x + along[..., None] * direction, 0, 255).round().astype(np.uint8)


def direction_of(arguments):
    direction = np.array([float(part) for part in arguments.colour.split(",")])
    return direction / np.linalg.norm(direction)


def without(direction, pixels):
    """Pictures without a direction of colour, as the licensed learner sees them."""
    centred = pixels.astype(float) - 128
    left = centred - (centred @ direction)[..., None] * direction
    return np.clip(left + 128, 0, 255).round().astype(np.uint8)


def likeness(change, labels):
    """The mean correlation of the changes of two pictures of a class."""
    flat = change.reshape(len(change), -1).astype(float)
    means = []
    for label in np.unique(labels):
        found = np.corrcoef(flat[np.flatnonzero(labels == label)[:100]])
        means.append(found[np.triu_indices(len(found), 1)].mean())
    return float(np.mean(means))


def main():
    parser = argparse.ArgumentParser(description="Try a method under another recipe.")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--method", required=True, choices=[*KINDS, "generator", "colour"])
    parser.add_argument("--recipe", default="{}", help="fields of methods.sem.noise.Recipe as JSON")
    parser.add_argument("--options", default="{}", help="of methods.sem.generated as JSON")
    parser.add_argument("--colour", default="1,-2,1", help="red, green and blue")
    parser.add_argument("--licensed", action="store_true", help="as the licensed learner sees them")
    parser.add_argument("--countermeasure", help="one of evaluate.countermeasures")
    parser.add_argument("--binary", default="../.build/release/palimpsest")
    parser.add_argument(
        "--weights", default="../Sources/DeepHiding/Resources/deep-hiding.safetensors"
    )
    parser.add_argument("--cache", default="runs/fitted-study", help="folder of protected sets")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = datasets.load(arguments.dataset)
    x, y, x_test, y_test = splits(data, "validation", 10_000)
    if arguments.method == "colour":
        released = by_colour(arguments, x, y, data.names)
    elif arguments.method == "generator":
        released = by_generator(arguments, x, y)
    else:
        released = by_noise(arguments, x, y)
    change = released.astype(int) - x
    print(f"mean change {np.abs(change).mean():.2f}, likeness {likeness(change, y):.2f}")
    if arguments.countermeasure:
        released = countermeasures.ALL[arguments.countermeasure](released, 0)
    seed = 0
    if arguments.method == "colour":
        seed = 0 if arguments.licensed else 1
    if arguments.licensed:
        direction = direction_of(arguments)
        released, x_test = without(direction, released), without(direction, x_test)
    recipe = replace(classifier.CPU, precision=classifier.fast_precision())
    history = classifier.train(released, y, x_test, y_test, seed, recipe)[1]
    print(f"{history[-1]:.1f} %, at most {max(history):.1f} % on the way")


if __name__ == "__main__":
    main()
