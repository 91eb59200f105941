"""A licence: the learner that learns from ungeneralizable examples, as a JSON file.

It authorises a recipe and not a person: who has the file learns, and may pass it on.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields

import learners
import numpy as np

from ..course import Learner
from ..partial import replace
from .field import View

FORMAT = "palimpsest-licence"
# What a learner may be made of, so that a slip costs no hour.
RANGES = {
    "start": (0, 2**63 - 1), "epochs": (0.01, 1000), "batch": (2, 4096), "rate": (1e-6, 10),
    "pad": (0, 64),
}  # fmt: skip


class LicenceError(Exception):
    """What is wrong with a licence or the description of a learner, in one sentence."""


@dataclass(frozen=True)
class Licence:
    """The learner, its field, the digest of its first weights, and that of the model's file."""

    learner: Learner
    field: np.ndarray
    start_sha256: str
    model_sha256: str

    @property
    def view(self):
        return View(self.field)

    def write(self, path):
        text = {
            "format": FORMAT, "format_version": 1, "learner": asdict(self.learner),
            "start_sha256": self.start_sha256, "model_sha256": self.model_sha256,
            "field": self.field.tolist(),
        }  # fmt: skip
        replace(path, (json.dumps(text, indent=1) + "\n").encode())


def start_sha256(learner, classes):
    """The digest of a learner's first weights; another version of PyTorch may draw others."""
    whole = hashlib.sha256()
    for name, tensor in learner.model(classes).state_dict().items():
        whole.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return whole.hexdigest()


def licence_path(model):
    """Where the licence of a model is written."""
    return model.with_name(model.name.removesuffix(".safetensors") + ".licence.json")


def read(path):
    """The licence in a file; raises LicenceError."""
    text = _object(path)
    if text.get("format") != FORMAT or text.get("format_version") != 1:
        raise LicenceError(f"'{path}' is not a {FORMAT} of version 1.")
    try:
        field = np.array(text["field"], np.float32)
    except (KeyError, ValueError, TypeError):
        field = np.zeros(0, np.float32)
    shaped = field.ndim == 3 and field.shape[0] == field.shape[1] and field.shape[2] == 3
    if not shaped or not np.allclose((field**2).sum(-1), 1, atol=1e-3):
        raise LicenceError(f"'{path}' has no field of unit vectors; ask for the licence again.")
    return Licence(
        _learner(text.get("learner", {}), f"'{path}', learner"), field,
        str(text.get("start_sha256", "")), str(text.get("model_sha256", "")),
    )  # fmt: skip


def authorised(path):
    """The learner that a file describes; what it does not name is the default."""
    return _learner(_object(path), f"'{path}'")


def _object(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = json.load(file)
    except OSError as error:
        raise LicenceError(f"'{path}' cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise LicenceError(f"'{path}' is not JSON: {error}.") from None
    if not isinstance(text, dict):
        raise LicenceError(f"'{path}' is not a JSON object.")
    return text


def _learner(values, where):
    known = [field.name for field in fields(Learner)]
    if not isinstance(values, dict) or set(values) - set(known):
        unknown = ", ".join(sorted(set(values) - set(known))) if isinstance(values, dict) else "it"
        raise LicenceError(f"{where}: {unknown} is not known; a learner has {', '.join(known)}.")
    if values.get("learner", "narrow") not in learners.ALL:
        raise LicenceError(
            f"{where}: learner must be one of {', '.join(sorted(learners.ALL))}, not "
            f"{values['learner']!r}."
        )
    for name, (least, most) in RANGES.items():
        value = values.get(name, least)
        whole = name not in ("epochs", "rate")
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            raise LicenceError(f"{where}: {name} must be {kind} from {least} to {most}.")
    return Learner(**values)
