"""What a network learns from a method under a recipe other than its row's: the notes' section 9.

    python -m evaluate.fitted_study --dataset cifar10.tar --method sem --recipe '{"steps": 600}'
    python -m evaluate.fitted_study --dataset cifar10.tar --method colour --colour 0.9,-0.1,-0.5

On the validation split, seed 0. `colour` is UGE's form: the shipped network's change along one
direction of colour, or along a field of them, which a licensed learner (`--view licensed`) leaves
out.
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
from methods.uge import field as colours

from . import classifier, countermeasures, datasets, field_attack, product
from .splits import splits

KINDS = {"sem": lambda recipe: recipe, "em": noise.plain, "rem": noise.robust}


def by_noise(arguments, x, y):
    recipe = KINDS[arguments.method](replace(noise.CPU, **json.loads(arguments.recipe)))
    return noise.fit(x, y, 0, recipe, print).released()


def by_generator(arguments, x, y):
    recipe = replace(noise.CPU, **json.loads(arguments.recipe))
    options = json.loads(arguments.options)
    return generated.generator_fit(x, y, 0, recipe, print, **options).released()


def by_colour(arguments, x, y, names):
    protected = product.protect(
        arguments.binary, arguments.weights, x, y, names, 1000, Path(arguments.cache),
        ("--mode", "sample-wise", "--mask", "none"),
    )  # fmt: skip
    field = field_of(arguments)
    carrier = unit(arguments.carrier) if arguments.carrier else colours.spread(field, *x.shape[1:3])
    change = (protected.astype(float) - x) * carrier
    along = change.sum(-1, keepdims=True) * colours.CARRIER
    change = colours.carried(along, field, gain=arguments.gain)
    return np.clip(x + change, 0, 255).round().astype(np.uint8)


def unit(text):
    direction = np.array([float(part) for part in text.split(",")])
    return direction / np.linalg.norm(direction)


def field_of(arguments):
    """One colour for all of a picture, or a tilted hue for each tile."""
    if arguments.colour:
        return unit(arguments.colour)[None, None]
    return colours.drawn(np.random.default_rng(0), arguments.tiles, arguments.tilt)


# The field that a learner leaves out: its licence's; one of another licence; gray, which is near
# all of them; what it finds in the set.
VIEWS = {
    "licensed": lambda field, released: field,
    "another": lambda field, released: colours.drawn(np.random.default_rng(1), len(field)),
    "gray": lambda field, released: colours.GRAY[None, None],
    "found": lambda field, released: field_attack.found(released, len(field)),
}


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
    parser.add_argument("--colour", help="red, green and blue, of all of a picture")
    parser.add_argument("--tilt", type=float, default=colours.TILT, help="of a field, in degrees")
    parser.add_argument("--tiles", type=int, default=colours.TILES, help="of a field")
    parser.add_argument("--carrier", help="whose change is carried, if not the field's own")
    parser.add_argument("--gain", type=float, default=colours.GAIN, help="of the carried change")
    parser.add_argument("--view", choices=VIEWS, help="the field that the learner leaves out")
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
        seed = 0 if arguments.view == "licensed" else 1
    if arguments.view:
        view = colours.View(VIEWS[arguments.view](field_of(arguments), released))
        released, x_test = view(released), view(x_test)
    recipe = replace(classifier.CPU, precision=classifier.fast_precision())
    history = classifier.train(released, y, x_test, y_test, seed, recipe)[1]
    print(f"{history[-1]:.1f} %, at most {max(history):.1f} % on the way")


if __name__ == "__main__":
    main()
