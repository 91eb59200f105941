"""What all cells of a table share."""

from dataclasses import dataclass
from pathlib import Path

from .classifier import Recipe


@dataclass(frozen=True)
class Product:
    """The binary under test, its weights, the cache of protected sets, and the class names."""

    binary: str
    weights: str
    cache: Path
    names: tuple


@dataclass(frozen=True)
class Setting:
    """The data, recipe, files and sizes behind a table's cells.

    `data` is the data set's file, `digest` that of its content. `images` is the number of training
    images per run, 0 for all; `split` is test or validation. `backbone` (EfficientNet-Lite0) and
    `diffusion` (a checkpoint of `evaluate.diffusion`) are files that some columns need. `side` is
    the input side of the `pretrained` columns, 0 for the images' own between 96 and 224 pixels.
    """

    data: str
    digest: str
    split: str
    images: int
    recipe: Recipe
    tool: Product
    out: Path
    backbone: str | None = None
    diffusion: str | None = None
    threads: int = 1
    side: int = 0

    @property
    def classes(self):
        return len(self.tool.names)

    def identity(self):
        """Everything here that changes a cell's result."""
        return {
            "dataset": self.digest,
            "split": self.split,
            "images": self.images,
            "recipe": self.recipe.identity(),
        }
