"""Which cells a table has, at each size: rows, columns, images, recipe and seeds."""

from dataclasses import dataclass

from . import classifier, columns, rows
from .rows import CLASS_WISE, CLEAN, CONTROL, FRESH, PAPER, SAMPLE_WISE, SOFT


@dataclass(frozen=True)
class Plan:
    """`cells` maps each row to its columns; `images` training images a run (0: all), `seeds` unless the user names others."""

    cells: dict
    recipe: classifier.Recipe = classifier.CPU
    images: int = 10_000
    seeds: tuple = (0,)


QUICK = ("vanilla", "JPEG 50", "grayscale")
COMPARATORS = ("LSP", "AR", "OPS (one pixel, unbounded)", "PIL")
DEEP_COMPARATORS = ("EM",)
MIXTURES = rows.MIXTURES

PLANS = {
    "prove": Plan(
        {
            CONTROL: ("vanilla",),
            CLASS_WISE: QUICK,
            SAMPLE_WISE: QUICK,
            CLEAN: QUICK,
            FRESH: ("vanilla",),
            "smooth noise": ("vanilla",),
        }
    ),
    "quick": Plan({row: QUICK for row in (CONTROL, CLASS_WISE, CLEAN, SAMPLE_WISE)}),
    "cpu": Plan(
        {
            **{
                row: (*columns.TWELVE, *columns.FURTHER, "orthogonal projection")
                for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE)
            },
            **{row: columns.TWELVE for row in (PAPER, *COMPARATORS)},
            **{row: QUICK for row in (SOFT, FRESH)},
            **{row: ("vanilla",) for row in MIXTURES},
        }
    ),
    "photos": Plan(
        {row: QUICK for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE)},
        classifier.Recipe("photo", epochs=30, crop=224),
        images=0,
    ),
    "transfer": Plan(
        {row: ("vanilla", *columns.OTHER_LEARNERS) for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE)},
        classifier.PAPER,
        images=0,
    ),
    "full": Plan(
        {
            **{
                row: (*columns.FOURTEEN, *columns.LATER, *columns.FURTHER)
                for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE, SOFT, PAPER, *COMPARATORS, *DEEP_COMPARATORS)
            },
            FRESH: QUICK,
            **{row: ("vanilla",) for row in MIXTURES},
        },
        classifier.PAPER,
        images=0,
        seeds=(0, 1, 2),
    ),
}
