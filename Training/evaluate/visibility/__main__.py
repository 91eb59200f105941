"""`make look`: how visible is the protection of photos, by standard measures and beside JPEG?

Every photo is measured once under every setting and kept, so that an interrupted run goes on where it was.
"""

import argparse
import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

# One thread a process: two processes with a spinning team each are far slower than two single threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from deephiding import weights
from PIL import Image

from .. import datasets, machine, product
from . import metrics, pictures, records, released, scielab, sheet, summary

STANDARD = "standard settings"
PROCESSES_AT_MOST = 2
ON_SHEET = 4


def main():
    arguments = _parser().parse_args()
    try:
        variants = _variants(arguments)
        chosen = [picture for picture in pictures.load(arguments.photos) if arguments.only in picture.name]
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
    except (pictures.PicturesError, metrics.MetricError, product.ProductError, datasets.DatasetError, OSError) as error:
        sys.exit(f"look: {error}")
    if lines:
        caption = f"{next(iter(variants))}: {sheet.COLUMNS}"
        Image.fromarray(sheet.above(caption, sheet.under(lines))).save(out / "sheet.jpg", quality=95, subsampling="4:4:4")
    else:
        print("look: no sheet, because none of these photos may be shown", file=sys.stderr)
    print(_write(measured, variants, chosen, arguments, out))


def _parser():
    parser = argparse.ArgumentParser(prog="evaluate.visibility", description="Measure how visible the protection of photos is.")
    parser.add_argument("--photos", required=True, help="photos.tar (of it those of evaluate/look.txt), or a folder or tar of one's own")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", default="Sources/DeepHiding/Resources/deep-hiding.safetensors", help="the weights file")
    parser.add_argument("--out", default="runs/look", help="folder of the records, the table and the sheet")
    parser.add_argument("--options", default="", help="options of `palimpsest protect`: --options='--strength 4'")
    parser.add_argument("--variant", action="append", default=[], metavar="NAME=OPTIONS",
                        help="a row of that name with these options, instead of one with --options; can be repeated")  # fmt: skip
    parser.add_argument("--only", default="", help="only photos whose name contains this")
    parser.add_argument("--small-only", action="store_true", help="the photos as they are, not enlarged")
    parser.add_argument("--quick", action="store_true", help="only SSIMULACRA2, PSNR, SSIM and δ")
    parser.add_argument("--no-ruler", action="store_true", help="no JPEGs")
    parser.add_argument("--processes", type=int, default=PROCESSES_AT_MOST,
                        help=f"photos at a time, at most {PROCESSES_AT_MOST} (1.5 GB each)")  # fmt: skip
    return parser


def _variants(arguments):
    """{row: options} in their order."""
    if not arguments.variant:
        return {STANDARD: shlex.split(arguments.options)}
    if arguments.options:
        sys.exit("look: name either --options or --variant")
    found = {}
    for text in arguments.variant:
        name, equals, options = text.partition("=")
        if not name or not equals or name in found:
            sys.exit(f"look: --variant '{text}' is not a new NAME=OPTIONS, such as 'half=--strength 4'")
        found[name] = shlex.split(options)
    return found


def _measure(chosen, size, variants, arguments, out):
    """The records of all rows at a size, and the sheet's lines from the first variant."""
    tensors = weights.tensors_sha256(arguments.weights)
    found, lines = [], []
    processes = max(1, min(arguments.processes, PROCESSES_AT_MOST))
    with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder, _pool(processes) as over:
        originals = released.sources(chosen, size, Path(folder) / "in")

        def done(tasks):
            for record in over(records.measure, tasks):
                print(f"{record['row']}, {record['photo']} {size}: SSIMULACRA2 {record['ssimulacra2']:.1f}", file=sys.stderr, flush=True)
                found.append(record)
            return found[-len(tasks) :]

        for row, options in variants.items():
            results = Path(folder) / "out"
            pngs = released.protect(arguments.binary, arguments.weights, originals, options, results)
            these = done([
                records.of_variant(row, picture, size, original, png, options, tensors, arguments.quick, out)
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
    """A `map` over that many processes; over this one if it is one."""
    if processes == 1:
        yield map
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield pool.map


def _lines(chosen, size, originals, pngs, found):
    """The sheet's lines of a size: free photos from the worst to the best."""
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


def _write(measured, variants, chosen, arguments, out):
    """Writes look.md and look.json; returns the Markdown."""
    cells = summary.summarize(measured)
    lines = summary.verdict(cells, variants) + [summary.LEGEND, *_facts(variants, chosen, arguments)]
    text = "\n\n".join([*summary.tables(cells), "\n".join(f"- {line}" for line in lines)]) + "\n"
    (out / "look.md").write_text(text)
    document = {
        "summary": [{"size": size, "row": row, **cell} for (size, row), cell in cells.items()],
        "verdict": summary.verdict(cells, variants),
        "facts": _facts(variants, chosen, arguments),
        "photos": measured,
    }
    (out / "look.json").write_text(json.dumps(document, indent=1) + "\n")
    return text


def _facts(variants, chosen, arguments):
    options = "; ".join(f"{row}: `{shlex.join(options) or 'no options'}`" for row, options in variants.items())
    return [
        f"{len(chosen)} photos in {min(len(chosen), released.CLASSES)} classes, family seed {released.FAMILY_SEED}. {options}.",
        f"Enlarged: Lanczos to a short side of {pictures.LARGE} pixels, then normal grain of {pictures.LUMINANCE_GRAIN} levels in all "
        f"channels alike and {pictures.COLOUR_GRAIN} in each, rounded. JPEG with half the colour resolution (4:2:0), its blocks shifted against those of photos that came as JPEGs. FLIP at 67 pixels a "
        f"degree, S-CIELAB's ΔE00 at {scielab.PIXELS_A_DEGREE}, butteraugli at 80 nits.",
        f"{_commit()}weights whose tensors have the SHA-256 {weights.tensors_sha256(arguments.weights)[:12]}…, "
        f"{datetime.date.today().isoformat()}, {machine.processor()}, {metrics.versions()}.",
    ]


def _commit():
    """The commit that was measured with, where there is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    try:
        return f"Commit {subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()}, "
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    main()
