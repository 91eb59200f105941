"""Converts a checkpoint to the shipped weights file and its golden vectors."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from . import collage, weights
from .network import HidingNetwork
from .semantic_images import semantic_image

GOLDEN_SIZES = ((32, 32), (48, 80), (224, 224))
# The short side of photos, in pixels, at which the perceptual budget was chosen, and at which a
# change of full strength was measured.
WITHIN_BUDGET, WITHIN_BOUND = 256, 128
LICENCE = (
    "Weights: Apache-2.0. Trained on photos that may be used for research; the file holds no "
    "photo and no part of one."
)


def use(recipe):
    """How the product uses a network, by its recipe; empty for those of `train`."""
    if "gain" not in recipe:
        return {}
    bounded = all(course["bound"] for course in recipe["courses"].values())
    return {
        "gain": recipe["gain"], "semantic_images": collage.VERSION, "photo_mask": "perceptual",
        "working_size": WITHIN_BOUND if bounded else WITHIN_BUDGET,
    }


def golden_pairs(photo, draw=semantic_image):
    """Crops of one photo at each golden size, each with a procedural secret."""
    for index, (height, width) in enumerate(GOLDEN_SIZES):
        image = Image.open(photo).convert("RGB")
        side = min(image.width // width, image.height // height)
        crop = image.crop((0, 0, side * width, side * height)).resize(
            (width, height), Image.BILINEAR
        )
        cover = torch.from_numpy(np.asarray(crop, dtype=np.float32).transpose(2, 0, 1) / 255)
        secret = torch.from_numpy(draw(2026, index, 77 + index, width, height))
        yield cover.contiguous(), secret


def main():
    parser = argparse.ArgumentParser(description="Export a checkpoint.")
    parser.add_argument("--run", required=True, help="the training run's folder")
    parser.add_argument("--out", required=True, help="the weights file to write")
    parser.add_argument("--golden", help="safetensors file for the golden vectors")
    parser.add_argument("--photo", help="a photo for the golden vectors")
    parser.add_argument("--protection", help="JSON of `prove` to record as the measured protection")
    arguments = parser.parse_args()
    state = torch.load(Path(arguments.run) / "checkpoint.pt", map_location="cpu")
    recipe = dict(state["recipe"])
    if recipe.get("start"):
        # The folder that the file lay in says nothing elsewhere.
        recipe["start"] = Path(recipe["start"]).name
    network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"])
    network.load_state_dict(state["network"])
    network.eval()
    canonical = json.dumps(recipe, sort_keys=True)
    training = {
        "recipe": recipe,
        "recipe_sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        "steps": state["step"],
        "skipped": state["skipped"],
    }
    protection = json.loads(Path(arguments.protection).read_text()) if arguments.protection else {}
    weights.save(arguments.out, network, training, protection, LICENCE, use(recipe))
    if arguments.golden:
        if not arguments.photo:
            parser.error("--golden needs --photo")
        draw = collage.collage if use(recipe) else semantic_image
        save_file(weights.golden(network, golden_pairs(arguments.photo, draw)), arguments.golden)


if __name__ == "__main__":
    main()
