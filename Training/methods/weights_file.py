"""What the weights files of all fitted methods have in common."""

import hashlib
import json

from safetensors.torch import save

from .partial import replace

LICENCE = "Fitted to its owner's pictures; the file holds none of them."
# The least side in pixels at which the product computes a change.
LEAST_SIDE = 64


def stated(training, protection):
    """The metadata that tells the recipe, with its digest, and what was measured."""
    recipe = json.dumps(training, sort_keys=True)
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    return {
        "training": json.dumps({"recipe": training, "recipe_sha256": digest}, sort_keys=True),
        "protection": json.dumps(protection or {}, sort_keys=True),
    }


def write(path, method, tensors, names, side, training, protection=None, **settings):
    """Writes a file of `method` for the classes `names`, whole or not at all.

    `training` is the recipe as a dictionary, `protection` what was measured of it.
    """
    metadata = {
        "format": f"palimpsest-{method}",
        "format_version": "1",
        "classes": json.dumps(list(names), ensure_ascii=False),
        "working_size": str(max(side, LEAST_SIDE)),
        "licence": LICENCE,
        **stated(training, protection),
        **{name: str(value) for name, value in settings.items()},
    }
    plain = {name: tensor.detach().float().cpu().contiguous() for name, tensor in tensors.items()}
    replace(path, save(plain, metadata))
