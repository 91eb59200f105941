"""Distances between semantic images, within and between classes.

    python -m evaluate.separation --backbone efficientnet_lite0_imagenet_fp16.safetensors
    python -m evaluate.separation --backbone ... --images FOLDER

Uses the generator's images, or a folder with one folder per class. There are three measures:
overlap of edges (Canny, intersection over union), similarity of spectra, which does not depend on
where strokes start, and cosine distance of a pre-trained network's features.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from deephiding.semantic_images import semantic_image
from PIL import Image, ImageOps

from . import backbone

CANNY = (100, 200)


def edges(image):
    """Boolean Canny map of a uint8 RGB image."""
    return cv2.Canny(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), *CANNY) > 0


def overlap(first, second):
    """Intersection over union of two boolean maps; 1 when both are empty."""
    union = (first | second).sum()
    return float((first & second).sum() / union) if union else 1.0


def spectrum(image):
    """Amplitude spectrum of a uint8 image's luminance without its mean, as a unit vector."""
    plane = image.astype(np.float64) @ [0.299, 0.587, 0.114]
    amplitudes = np.abs(np.fft.fft2(plane - plane.mean())).ravel()
    return amplitudes / max(np.linalg.norm(amplitudes), 1e-12)


def compare(images, labels, distance):
    """Mean of `distance(i, j)` within and between classes, and its minimum between classes."""
    pairs = [(i, j) for i in range(len(images)) for j in range(i)]
    within = [distance(i, j) for i, j in pairs if labels[i] == labels[j]]
    between = [distance(i, j) for i, j in pairs if labels[i] != labels[j]]
    return float(np.mean(within)), float(np.mean(between)), float(np.min(between))


def measure(images, labels, extractor=None):
    """{measure: (within, between, least between)} as distances from 0 to 1 (features: to 2)."""
    maps, spectra = [edges(i) for i in images], [spectrum(i) for i in images]
    found = {
        "edges, 1 - IoU": compare(images, labels, lambda i, j: 1 - overlap(maps[i], maps[j])),
        "spectra, 1 - cosine": compare(
            images, labels, lambda i, j: 1 - float(spectra[i] @ spectra[j])
        ),
    }
    if extractor is not None:
        with torch.no_grad():
            x = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255 - 0.5
            features = torch.nn.functional.normalize(extractor.features(x), dim=1).numpy()
        found["features, 1 - cosine"] = compare(
            images, labels, lambda i, j: 1 - float(features[i] @ features[j])
        )
    return found


def generated(classes, count, side, family):
    """`count` of the generator's images per class, uint8, and their labels."""
    pairs = [(k, t) for k in range(classes) for t in range(count)]
    images = [
        semantic_image(family, k, 1000 * k + t, side, side).transpose(1, 2, 0) for k, t in pairs
    ]
    return [(255 * image + 0.5).astype(np.uint8) for image in images], [k for k, _ in pairs]


def from_folder(folder, count, side):
    """The first `count` images per class folder, centre-cropped to `side`, and their labels."""
    images, labels = [], []
    for label, place in enumerate(sorted(p for p in Path(folder).iterdir() if p.is_dir())):
        for path in sorted(
            p for p in place.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"}
        )[:count]:
            images.append(
                np.asarray(ImageOps.fit(Image.open(path).convert("RGB"), (side, side), Image.BOX))
            )
            labels.append(label)
    return images, labels


def main():
    parser = argparse.ArgumentParser(
        description="Measure how far apart the semantic images of different classes are."
    )
    parser.add_argument(
        "--images", help="folder with one folder a class (default: the generator's images)"
    )
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--count", type=int, default=4, help="images a class")
    parser.add_argument("--side", type=int, default=32, help="pixels")
    parser.add_argument("--family", type=int, default=1000)
    parser.add_argument("--backbone", help="EfficientNet-Lite0 for ImageNet as safetensors")
    arguments = parser.parse_args()
    if arguments.images:
        images, labels = from_folder(arguments.images, arguments.count, arguments.side)
    else:
        images, labels = generated(
            arguments.classes, arguments.count, arguments.side, arguments.family
        )
    if len(set(labels)) < 2 or len(labels) < len(set(labels)) + 1:
        sys.exit("separation: at least two classes and two images of one of them are needed")
    extractor = (
        backbone.pretrained(arguments.backbone, 1000, 0).eval() if arguments.backbone else None
    )
    print("| distance | within a class | between classes | least between |\n|---|---|---|---|")
    for name, figures in measure(images, labels, extractor).items():
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
