"""Pictures for the command-line tests."""

import numpy
from PIL import Image


def picture(path, side=32, seed=0, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"RGB": 3, "L": 1}[mode]
    samples = numpy.random.default_rng(seed).integers(
        0, 256, (side, side, channels), dtype=numpy.uint8
    )
    Image.fromarray(samples.squeeze(), mode).save(path)
    return path


def largest_change(before, after):
    first, second = (
        numpy.asarray(Image.open(path).convert("RGB")).astype(int) for path in (before, after)
    )
    assert first.shape == second.shape
    return int(abs(first - second).max())


def reports_of(out):
    """The folder of the reports on the pictures in a folder, unless a call names another."""
    return out.with_name(out.name + "-reports")


def report_of(picture):
    """Where the report on a picture lies: OUT/CLASS/NAME.png has OUT-reports/CLASS/NAME.json."""
    return reports_of(picture.parents[1]) / picture.parent.name / f"{picture.stem}.json"
