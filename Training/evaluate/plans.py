"""The cells of each size of table: rows, columns, images, recipe and seeds."""

from dataclasses import dataclass

from . import classifier, columns, frontier, pretrained, rows
from .rows import (
    CLASS_WISE, CLEAN, CONTROL, FRESH, LITE0_PATTERN, MASKED, PAPER, SAMPLE_WISE, SEM, SOFT,
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """`cells` maps rows to columns.

    `images` is the number of training images per run (0: all). `seeds` applies unless the user
    names others.
    """

    cells: dict
    recipe: classifier.Recipe = classifier.CPU
    images: int = 10_000
    seeds: tuple = (0,)


SHORT = ("vanilla", "JPEG 50", "grayscale")
# The pre-trained trainers of a one-hour table; their control has no other columns.
PRETRAINED = (str(pretrained.Probe("Lite0", 100)), str(pretrained.FineTuning("Lite0", 100, 3)))
QUICK = (*SHORT, columns.WAVES, columns.RING, columns.OTHER_KEYS, columns.SPECTRUM, *PRETRAINED)
# Without the slowest: fine-tuning on all of 10,000 images takes half an hour per cell and core.
PRETRAINED_CPU = tuple(
    name for name in pretrained.ALL if not (name.startswith("fine-tune") and ", all," in name)
)
# When all images are trained on, none are left for an attacker's pairs.
ADAPTIVE_FULL = tuple(
    name for name in columns.ADAPTIVE if name not in (columns.OTHER_KEYS, columns.OWN_PAIRS)
)
# What places a method in the plot of protection against visibility.
PLACED = tuple(dict.fromkeys(column for panel in frontier.PANELS.values() for column in panel))
# Columns of earlier tables; then trainers who know the product; then what only the standard mode
# and clean images are tested on.
PLAIN = (*columns.TWELVE, *columns.FURTHER, "orthogonal projection")
KNOWING = (*columns.ADAPTIVE, *columns.DETECTORS, *columns.HARDER)
WHOLE = (*PLAIN, *KNOWING, *PRETRAINED_CPU, columns.WAVES_ONCE, columns.RING_KNOWN)
COMPARATORS = ("LSP", "AR", "OPS (one pixel, unbounded)", "PIL")
DEEP_COMPARATORS = ("EM", "EM, SEM's code", "REM", SEM, "TAP", "EntF")
# What adversarial training is tried on at CPU size: the method against it, its like, and ours.
TRAINED_AGAINST = (CONTROL, CLEAN, SAMPLE_WISE, "REM", SEM, "EntF")
MIXTURES = rows.MIXTURES

PLANS = {
    "prove": Plan(
        {
            CONTROL: ("vanilla",),
            CLASS_WISE: SHORT,
            SAMPLE_WISE: SHORT,
            CLEAN: SHORT,
            FRESH: ("vanilla",),
            "smooth noise": ("vanilla",),
        }
    ),
    # The pre-trained columns have their own control. The standard for small images is no mask.
    "quick": Plan(
        {
            CONTROL: tuple(column for column in QUICK if column not in PRETRAINED),
            **{row: QUICK for row in (CLEAN, CLASS_WISE, SAMPLE_WISE)},
            MASKED: tuple(
                column for column in QUICK if column not in (columns.RING, columns.OTHER_KEYS)
            ),
            LITE0_PATTERN: PRETRAINED,
        }
    ),
    "cpu": Plan(
        {
            **{row: WHOLE for row in (CLEAN, SAMPLE_WISE)},
            CLASS_WISE: tuple(dict.fromkeys((*PLAIN, *QUICK, *KNOWING))),
            MASKED: tuple(dict.fromkeys((*QUICK, *KNOWING))),
            CONTROL: tuple(dict.fromkeys((*PLAIN, *QUICK))),
            LITE0_PATTERN: PRETRAINED_CPU,
            **{row: (*columns.TWELVE, *PLACED) for row in (PAPER, *COMPARATORS)},
            **{row: PLACED for row in DEEP_COMPARATORS},
            "SEM by a generator": ("vanilla",),
            **{row: SHORT for row in (SOFT, FRESH)},
            **{row: ("vanilla",) for row in MIXTURES},
        }
    ),
    # Hours: each cell trains adversarially.
    "adversarial": Plan(
        {row: ("vanilla", columns.WEAK_ADVERSARY, "adversarial Linf") for row in TRAINED_AGAINST}
    ),
    "photos": Plan(
        {row: SHORT for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE)},
        classifier.Recipe("photo", epochs=30, crop=224),
        images=0,
    ),
    "transfer": Plan(
        {
            row: ("vanilla", *columns.OTHER_LEARNERS)
            for row in (CONTROL, CLEAN, CLASS_WISE, SAMPLE_WISE)
        },
        classifier.PAPER,
        images=0,
    ),
    "full": Plan(
        {
            **{
                row: (
                    *columns.FOURTEEN,
                    columns.WEAK_ADVERSARY,
                    *columns.LATER,
                    *columns.FURTHER,
                    *ADAPTIVE_FULL,
                    *columns.DETECTORS,
                )
                for row in (
                    CONTROL,
                    CLEAN,
                    CLASS_WISE,
                    SAMPLE_WISE,
                    MASKED,
                    SOFT,
                    PAPER,
                    *COMPARATORS,
                    *DEEP_COMPARATORS,
                )
            },
            FRESH: SHORT,
            **{row: ("vanilla",) for row in MIXTURES},
        },
        classifier.PAPER,
        images=0,
        seeds=(0, 1, 2),
    ),
}
