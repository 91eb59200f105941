"""`make prove PHOTOS=DIR`: does protection work on a user's own photos?

Answers in plain words and a picture. DIR has a folder per class. A fifth of every class is held
out, untouched. Three networks are trained on the rest: on the photos as they are, on the photos
protected by the binary at full size, and on the photos with class-wise random noise (the control).
All are tested on the held-out photos. Training uses the usual pipeline for photos: random crops of
8 to 100 % of the area, 3:4 to 4:3, resized to 224x224; half are mirrored.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image, ImageOps

from . import classifier, perturbations, product

SIDE, STORED = 224, 256
KINDS = {".jpg", ".jpeg", ".png"}
EPOCHS, BATCH = 40, 32
CLASSES_AT_LEAST, PHOTOS_AT_LEAST = 2, 20


class PhotosError(Exception):
    """The folder cannot be used; the message says what it should be."""


def find(folder):
    """Sorted class names, each with its photos' paths.

    Raises PhotosError if there are too few to conclude from.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PhotosError(
            f"'{folder}' is not a folder: name one that holds a folder of photos for each class"
        )
    classes = {
        place.name: sorted(p for p in place.rglob("*") if p.suffix.lower() in KINDS)
        for place in sorted(folder.iterdir())
        if place.is_dir() and not place.name.startswith(".")
    }
    classes = {name: paths for name, paths in classes.items() if paths}
    if len(classes) < CLASSES_AT_LEAST:
        raise PhotosError(
            f"'{folder}' must hold at least {CLASSES_AT_LEAST} folders with photos, one a class"
        )
    for name, paths in classes.items():
        if len(paths) < PHOTOS_AT_LEAST:
            raise PhotosError(
                f"class '{name}' has {len(paths)} photos; nothing can be learnt from fewer than "
                f"{PHOTOS_AT_LEAST}"
            )
    return classes


def opened(path):
    """A photo in RGB, with its EXIF orientation applied."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def stored(image):
    """The centre of a photo at 256x256, uint8; training crops from it."""
    return np.asarray(ImageOps.fit(image, (STORED, STORED), Image.BILINEAR))


def split(classes, seed):
    """(path, label) of the training photos, and of a held-out fifth of each class."""
    rng = np.random.default_rng([seed, 9])
    learnt, aside = [], []
    for label, paths in enumerate(classes.values()):
        order = rng.permutation(len(paths))
        count = max(1, len(paths) // 5)
        aside += [(paths[i], label) for i in sorted(order[:count])]
        learnt += [(paths[i], label) for i in sorted(order[count:])]
    return learnt, aside


def untouched(aside):
    """The held-out photos, unchanged, at 256x256."""
    return np.stack([stored(opened(path)) for path, _ in aside])


def sources(learnt, folder, enlarge=None):
    """Writes the training photos as JPEGs: folder/CLASS/NUMBER.jpg.

    `enlarge`, if given, is their short side. Returns them as training sees them, uint8 at 256x256.
    """
    originals = []
    for i, (path, label) in enumerate(learnt):
        image = opened(path)
        if enlarge:
            scale = enlarge / min(image.size)
            image = image.resize(
                (round(image.width * scale), round(image.height * scale)), Image.BICUBIC
            )
        place = Path(folder) / f"c{label}"
        place.mkdir(parents=True, exist_ok=True)
        image.save(place / f"{i:06d}.jpg", quality=92)
        # Compares with the very file that the binary gets.
        originals.append(stored(opened(place / f"{i:06d}.jpg")))
    return np.stack(originals)


def protect(binary, weights, folder, seed, options=()):
    """Protects the files of `sources` with the binary and `options`.

    Returns them as training sees them, in the same order.
    """
    released = []
    with tempfile.TemporaryDirectory(prefix="palimpsest-released-") as results:
        # Class by class, so that only one class is on disk as PNG.
        for place in sorted(Path(folder).iterdir(), key=lambda place: int(place.name[1:])):
            names = [path.stem for path in sorted(place.iterdir())]
            photos = protected(binary, weights, place, results, seed, options)
            released += [(name, stored(photo)) for name, photo in zip(names, photos)]
    return np.stack([pixels for _, pixels in sorted(released, key=lambda pair: pair[0])])


def protected(binary, weights, place, results, seed, options=()):
    """Yields the protected photos of the folder `place`, one class, sorted by name.

    `results` keeps the class assignments for the next class, or for a later run that resumes.
    """
    command = [
        binary, "protect", place, "--class", place.name, "--out", results, "--weights", weights
    ]
    # Uncompressed, since each file is read once and deleted.
    command += [
        "--family-seed", 1000 + seed, "--force", "--quiet", "--compression-level", 0, *options
    ]
    command = list(map(str, command))
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise product.ProductError(
            f"{' '.join(command)} ended with {outcome.returncode}: {outcome.stderr[-2000:]}"
        )
    reports = Path(f"{results}-reports")
    for path in sorted(place.iterdir()):
        (made,) = (Path(results) / place.name).glob(f"{glob.escape(path.stem)}.*")
        yield opened(made)
        made.unlink()
        (reports / place.name / f"{path.stem}.json").unlink()


def learn(pixels, labels, unseen, wanted, classes, seed, epochs=EPOCHS, log=None):
    """Test accuracy in percent, per epoch, of a network trained from scratch on 256x256 photos."""
    recipe = classifier.Recipe(
        "photo", epochs, BATCH, crop=SIDE, precision=classifier.fast_precision()
    )
    return classifier.train(pixels, labels, unseen, wanted, seed, recipe, classes, log=log)[1]


def words(result):
    """Explains the figures to readers who have never trained a network."""
    chance, clean, protected, control = (
        result[name] for name in ("chance", "clean", "protected", "control")
    )
    lines = [
        f"Trained on {result['learnt']} of your photos as they are, a small network recognises "
        f"{clean:.0f} % of {result['unseen']} photos that it has not seen. Guessing gives "
        f"{chance:.0f} %.",
        f"Trained on the same photos protected, it recognises {protected:.0f} %.",
    ]
    if clean < chance + 15:
        lines.append(
            "Too few photos to learn from even unprotected: nothing can be concluded. Add photos "
            "to each class."
        )
        return lines
    left = max(0.0, (protected - chance) / (clean - chance))
    if left >= 0.6 and control > (clean + chance) / 2:
        lines.append(
            f"But random noise, which is known to protect small pictures, leaves {control:.0f} %: "
            "this measurement may be blind, and nothing can be concluded. Add photos to each "
            "class, or train longer (--epochs); some hundred a class are needed."
        )
    else:
        word = "hardly anything" if left < 0.2 else "a part" if left < 0.6 else "most"
        lines.append(
            f"So {word} of what it could learn is left ({100 * left:.0f} %). Random noise, for "
            f"comparison: {control:.0f} %."
        )
    lines.append(
        "This says nothing about networks that were trained on other photos before, nor about "
        "copies kept elsewhere."
    )
    return lines


def picture(result, originals, released, path):
    """Bars of the accuracies, and four photos before and after, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 5, figsize=(13, 5.4))
    bars = figure.add_subplot(1, 5, 1)
    for place in axes[:, 0]:
        place.remove()
    bars.bar(["as they are", "protected", "noise"],
             [result["clean"], result["protected"], result["control"]],
             color=["#888", "#2a7", "#ccc"])  # fmt: skip
    bars.axhline(result["chance"], color="k", linestyle=":", linewidth=1)
    bars.set_ylabel("photos recognised, %")
    bars.set_ylim(0, 100)
    bars.tick_params(axis="x", rotation=30)
    for column, i in enumerate(np.linspace(0, len(originals) - 1, 4).astype(int)):
        for row, images in enumerate((originals, released)):
            axes[row, column + 1].imshow(images[i])
            axes[row, column + 1].axis("off")
    axes[0, 1].set_title("before", loc="left", fontsize=9)
    axes[1, 1].set_title("after", loc="left", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Measure protection on your own photos.")
    parser.add_argument(
        "--photos", required=True, help="a folder with one folder of photos for each class"
    )
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument("--out", default="runs/photos", help="folder for the result")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument(
        "--enlarge", type=int, help="bring every photo to this short side first, pixels"
    )
    parser.add_argument("--mode", choices=["class-wise", "sample-wise"], default="sample-wise")
    parser.add_argument(
        "--working-size",
        type=int,
        default=128,
        help="short side at which the change is computed, pixels",
    )
    arguments = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        classes = find(arguments.photos)
        learnt, aside = split(classes, arguments.seed)
        labels, wanted = (np.array([label for _, label in part]) for part in (learnt, aside))
        unseen = untouched(aside)
        with tempfile.TemporaryDirectory(prefix="palimpsest-photos-") as folder:
            originals = sources(learnt, folder, arguments.enlarge)
            options = ["--mode", arguments.mode, "--working-size", str(arguments.working_size)]
            released = protect(arguments.binary, arguments.weights, folder, arguments.seed, options)
    except (PhotosError, product.ProductError, OSError) as error:
        sys.exit(f"prove: {error}")
    noisy = perturbations.random_noise(originals, labels, arguments.seed)
    result = {
        "learnt": len(learnt),
        "unseen": len(aside),
        "chance": 100 * float(np.bincount(wanted).max()) / len(wanted),
    }
    for name, pixels in (("clean", originals), ("protected", released), ("control", noisy)):
        result[name] = learn(
            pixels, labels, unseen, wanted, len(classes), arguments.seed, arguments.epochs,
            log=lambda line, name=name: print(f"{name}: {line}", file=sys.stderr),
        )[-1]  # fmt: skip
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    picture(result, originals, released, out / "result.png")
    print("\n".join(words(result)))
    print(f"The picture: {out / 'result.png'}")


if __name__ == "__main__":
    main()
