"""`make look`: how visible is the protection of photos, by standard metrics and beside JPEG?

Every photo is measured once per setting and kept, so an interrupted run resumes where it stopped.
"""

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

# One thread per process: two processes with spinning thread teams are far slower than two single
# threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from deephiding import weights
from PIL import Image

from .. import datasets, product
from . import document, metrics, pictures, records, released, sheet

WEIGHTS = "Sources/DeepHiding/Resources/deep-hiding.safetensors"
STANDARD = "standard settings"
PROCESSES_AT_MOST = 2
ON_SHEET = 4


def main():
    arguments = _parser().parse_args()
    try:
        variants = _variants(arguments)
        chosen = [
            picture for picture in pictures.load(arguments.photos) if arguments.only in picture.name
        ]
        if not chosen:
            sys.exit(f"look: no photo's name contains '{arguments.only}'")
        out = Path(arguments.out)
        out.mkdir(parents=True, exist_ok=True)
        sizes = list(pictures.SIZES)[: 1 if arguments.small_only else None]
        measured, lines = [], []
        for size in sizes:
            found, shown = _measure(chosen, size, variants, arguments, out)
            measured += found
            lines += shown
    except (
        pictures.PicturesError,
        metrics.MetricError,
        product.ProductError,
        datasets.DatasetError,
        OSError,
    ) as error:
        sys.exit(f"look: {error}")
    if lines:
        caption = f"{next(iter(variants))}: {sheet.COLUMNS}"
        drawn = Image.fromarray(sheet.above(caption, sheet.under(lines)))
        drawn.save(out / "sheet.jpg", quality=95, subsampling="4:4:4")
    else:
        print("look: no sheet, because none of these photos may be shown", file=sys.stderr)
    print(document.write(measured, variants, chosen, arguments.weights, out))


def _parser():
    parser = argparse.ArgumentParser(
        prog="evaluate.visibility", description="Measure how visible the protection is."
    )
    parser.add_argument("--photos", required=True, help="photos.tar, or one's own folder or tar")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", default=WEIGHTS, help="the weights file")
    parser.add_argument(
        "--out", default="runs/look", help="folder of the records, the table and the sheet"
    )
    parser.add_argument(
        "--options", default="", help="options of `palimpsest protect`: --options='--strength 4'"
    )
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME=OPTIONS",
        help="a row with these options, instead of --options; can be repeated",
    )
    parser.add_argument("--only", default="", help="only photos whose name contains this")
    parser.add_argument(
        "--small-only", action="store_true", help="the photos as they are, not enlarged"
    )
    parser.add_argument("--quick", action="store_true", help="only SSIMULACRA2, PSNR, SSIM and δ")
    parser.add_argument("--no-ruler", action="store_true", help="no JPEGs")
    parser.add_argument(
        "--processes",
        type=int,
        default=PROCESSES_AT_MOST,
        help=f"photos at a time, at most {PROCESSES_AT_MOST} (1.5 GB each)",
    )
    return parser


def _variants(arguments):
    """{row: options} in the order given."""
    if not arguments.variant:
        return {STANDARD: shlex.split(arguments.options)}
    if arguments.options:
        sys.exit("look: name either --options or --variant")
    found = {}
    for text in arguments.variant:
        name, equals, options = text.partition("=")
        if not name or not equals or name in found:
            sys.exit(
                f"look: --variant '{text}' is not a new NAME=OPTIONS, such as 'half=--strength 4'"
            )
        found[name] = shlex.split(options)
    return found


def _measure(chosen, size, variants, arguments, out):
    """The records of all rows at a size, and the sheet's lines for the first variant."""
    tensors = weights.tensors_sha256(arguments.weights)
    found, lines = [], []
    processes = max(1, min(arguments.processes, PROCESSES_AT_MOST))
    with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder, _pool(processes) as over:
        originals = released.sources(chosen, size, Path(folder) / "in")

        def done(tasks):
            for record in over(records.measure, tasks):
                score = f"SSIMULACRA2 {record['ssimulacra2']:.1f}"
                print(
                    f"{record['row']}, {record['photo']} {size}: {score}",
                    file=sys.stderr,
                    flush=True,
                )
                found.append(record)
            return found[-len(tasks) :]

        for row, options in variants.items():
            results = Path(folder) / "out"
            pngs = released.protect(
                arguments.binary, arguments.weights, originals, options, results
            )
            these = done([
                records.of_variant(row, picture, size, original, png, options, tensors,
                arguments.quick, out)
                for picture, original, png in zip(chosen, originals, pngs)
            ])  # fmt: skip
            if row == next(iter(variants)):
                lines = _lines(chosen, size, originals, pngs, these)
            shutil.rmtree(results)
        for quality in () if arguments.no_ruler else pictures.RULER:
            done([
                records.of_jpeg(picture, size, original, quality, arguments.quick, out)
                for picture, original in zip(chosen, originals)
            ])  # fmt: skip
    return found, lines


@contextmanager
def _pool(processes):
    """A `map` over that many processes; with one process, the built-in in this one."""
    if processes == 1:
        yield map
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield pool.map


def _lines(chosen, size, originals, pngs, found):
    """The sheet's lines for one size: free photos from the worst to the best."""
    free = [i for i, picture in enumerate(chosen) if picture.free]
    picked = [free[i] for i in sheet.choose([found[i] for i in free], ON_SHEET)] if free else []
    return [
        sheet.line(
            released.pixels(originals[i]),
            released.pixels(pngs[i]),
            f"{chosen[i].name} {size}: SSIMULACRA2 {found[i]['ssimulacra2']:.1f}",
        )
        for i in picked
    ]


if __name__ == "__main__":
    main()
