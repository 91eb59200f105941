"""Draws semantic images as the paper does, with Stable Diffusion and ControlNet.

They follow distinct captions and the edges of their photos.

    python semantic_images.py --weights FOLDER --captions coco_30k.csv --photos val2014 \\
        --labels cat,dog --out images

Writes `OUT/LABEL/SEED.png` for every class, its edges in `OUT/LABEL-edges.png`, and how they were
made in `OUT/semantic-images.json`. A class's images share their outline and differ in texture.
`palimpsest protect --semantic-images OUT` and `palimpsest classes import OUT` use them in place of
the procedural ones. A partly finished folder is completed.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from generation import captions, pictures
from PIL import Image

LABEL = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}"


def plan(chosen, labels, arguments, clusters):
    """The manifest: everything the images depend on."""
    settings = {
        name: getattr(arguments, name) for name in ("images", "side", "steps", "guidance", "seed")
    }
    classes = [
        {"label": label, "prompt": c.text, "photo": c.photo.name}
        for label, c in zip(labels, chosen)
    ]
    return {
        "pipeline": Path(arguments.weights).name,
        "clusters": clusters,
        **settings,
        "classes": classes,
    }


def begin(out, manifest):
    """Writes the manifest into a new folder.

    Raises GenerationError if the folder was begun with other settings.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "semantic-images.json"
    if path.exists() and json.loads(path.read_text()) != manifest:
        raise captions.GenerationError(
            f"'{out}' was begun with other settings: name another --out, or remove it"
        )
    path.write_text(json.dumps(manifest, indent=1) + "\n")


def draw(generator, chosen, labels, arguments, out, log=print):
    """Draws the missing images of every chosen caption."""
    for label, caption in zip(labels, chosen):
        place = out / label
        place.mkdir(exist_ok=True)
        with Image.open(caption.photo) as photo:
            edges = pictures.canny(photo, arguments.side)
        edges.save(out / f"{label}-edges.png")
        for seed in range(arguments.images):
            target = place / f"{seed:04d}.png"
            if not target.exists():
                partial = out / "partial.tmp"
                generator.draw(caption.text, edges, seed, arguments.steps, arguments.guidance).save(
                    partial, "PNG"
                )
                partial.rename(target)
        log(f"{label}: {caption.text}")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Draw semantic images with Stable Diffusion and ControlNet."
    )
    parser.add_argument(
        "--weights", required=True, help="folder of a StableDiffusionControlNetPipeline"
    )
    parser.add_argument(
        "--captions",
        required=True,
        help="CSV with image_id and prompt, or JSON with file and captions",
    )
    parser.add_argument("--photos", required=True, help="folder of the captioned photos")
    parser.add_argument(
        "--labels",
        required=True,
        help="names of the classes, separated by commas; each becomes a folder",
    )
    parser.add_argument("--images", type=int, default=100, help="images a class")
    parser.add_argument(
        "--clusters",
        type=int,
        help="clusters of captions (default: twice the classes, at least 100)",
    )
    parser.add_argument("--side", type=int, default=512, help="pixels")
    parser.add_argument("--steps", type=int, default=30, help="of the sampler")
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument(
        "--seed", type=int, default=0, help="of the clustering; images have the seeds 0, 1, ..."
    )
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args(argv)
    out, labels = Path(arguments.out), arguments.labels.split(",")
    if len(set(labels)) < len(labels) or not all(re.fullmatch(LABEL, label) for label in labels):
        parser.error(
            "--labels: each once, of 1 to 64 letters, digits, '-', '_' and '.', not beginning "
            "with a dot"
        )
    try:
        known = captions.load(arguments.captions, arguments.photos)
        generator = pictures.Generator(arguments.weights)
        clusters = arguments.clusters or max(2 * len(labels), 100)
        embeddings = generator.embed([caption.text for caption in known])
        chosen = [
            known[i] for i in captions.choose(embeddings, len(labels), clusters, arguments.seed)
        ]
        begin(out, plan(chosen, labels, arguments, clusters))
        draw(generator, chosen, labels, arguments, out)
    except (captions.GenerationError, OSError) as error:
        sys.exit(f"semantic_images: {error}")


if __name__ == "__main__":
    main()
