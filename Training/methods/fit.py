"""`palimpsest fit`: fits a method to a folder of labelled pictures.

Progress goes to standard error. Exit status: 0 if the file was written; 1 if it could not be; 2 for
wrong usage and for a folder that nothing can be fitted to; 130 if interrupted.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

# Threads that spin while they wait slow down whatever else the machine does, and the fit with it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

WANTED = {
    "torch": "PyTorch (Debian: python3-torch)",
    "torchvision": "torchvision (Debian: python3-torchvision)",
    "numpy": "NumPy (Debian: python3-numpy)",
    "PIL": "Pillow (Debian: python3-pil)",
    "safetensors": "safetensors (PyPI)",
}
CHECKPOINT_EVERY = 30.0
HELD_OUT = 5


class CannotFit(Exception):
    """What prevents the fit, in one sentence, and the exit status that tells it."""

    def __init__(self, sentence, status=1):
        super().__init__(sentence)
        self.status = status


def say(text, quiet=False):
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def require_packages():
    """Raises CannotFit if a package is missing, before any work."""
    from importlib.util import find_spec

    missing = [words for name, words in WANTED.items() if find_spec(name) is None]
    if missing:
        raise CannotFit(
            f"The fit runs in Python, which lacks {', '.join(missing)} at {sys.executable}. "
            "Install it, or name another Python by PALIMPSEST_PYTHON."
        )


def arguments_of(words):
    parser = argparse.ArgumentParser(
        prog="palimpsest fit",
        description="Fits a method to the pictures of a folder, one folder in it per class.",
    )
    methods = parser.add_subparsers(dest="method", required=True)
    sem, uge = methods.add_parser("sem"), methods.add_parser("uge")
    for method in (sem, uge):
        method.add_argument("folder", metavar="FOLDER")
        method.add_argument("--out", required=True, metavar="FILE", help="the weights file")
        method.add_argument("--force", action="store_true", help="replace the file that is there")
        method.add_argument("--no-measure", action="store_true", help="leave the measurement out")
        method.add_argument("--json", action="store_true", help="tell the result as JSON")
        method.add_argument("--quiet", action="store_true", help="say nothing but errors")
    sem.add_argument("--seed", type=int, default=0, help="of every random draw")
    sem.add_argument("--steps", type=int, help="fewer or more than the method's own")
    sem.add_argument("--restart", action="store_true", help="forget an interrupted fit")
    uge.add_argument("--authorised", required=True, metavar="FILE", help="the learner, as JSON")
    uge.add_argument("--seed", type=int, help="of the field; a secret")
    uge.add_argument("--binary", required=True, metavar="FILE", help="the palimpsest program")
    uge.add_argument("--weights", required=True, metavar="FILE", help="of deep hiding")
    found = parser.parse_args(words)
    if getattr(found, "steps", None) is not None and found.steps < 1:
        parser.error("--steps must be at least 1")
    return found


def writable(path, force):
    """The path of the result; raises CannotFit before any work if it cannot be written."""
    path = Path(path)
    if path.is_dir():
        raise CannotFit(f"'{path}' is a folder; name the file to write.", 2)
    if path.exists() and not force:
        raise CannotFit(f"'{path}' is there already; name another file, or give --force.", 2)
    if not path.parent.is_dir():
        raise CannotFit(f"There is no folder '{path.parent}' for the result.", 2)
    if not os.access(path.parent, os.W_OK):
        raise CannotFit(f"The folder '{path.parent}' cannot be written to.")
    return path


def digest(found, identity):
    """What a checkpoint must have been made of to be gone on with."""
    parts = json.dumps([identity, list(found.names)], sort_keys=True).encode()
    whole = hashlib.sha256(parts)
    whole.update(found.pixels.tobytes())
    whole.update(found.labels.tobytes())
    return whole.hexdigest()


class Checkpoint:
    """The state of an interrupted fit beside its result, as OUT.checkpoint."""

    def __init__(self, out, key):
        self.path, self.key = out.with_name(out.name + ".checkpoint"), key
        self.saved = time.monotonic()

    def restore(self, job, restart):
        """Goes on with what is there; whether there was anything."""
        import pickle

        import torch

        if restart or not self.path.exists():
            return False
        try:
            state = torch.load(self.path, map_location="cpu")
            key = state["key"]
        except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError):
            raise CannotFit(
                f"'{self.path}' is not the checkpoint of a fit; give --restart to begin anew.", 2
            ) from None
        if key != self.key:
            raise CannotFit(
                f"'{self.path}' was begun with other pictures or settings; give --restart to begin "
                "anew, or the same folder and settings to go on.",
                2,
            )
        job.restore(state["job"])
        return True

    def save(self, job, now=False):
        """Saves the job now and then."""
        import io

        import torch

        from .partial import replace

        if now or time.monotonic() - self.saved > CHECKPOINT_EVERY:
            content = io.BytesIO()
            torch.save({"key": self.key, "job": job.state()}, content)
            replace(self.path, content.getvalue())
            self.saved = time.monotonic()

    def remove(self):
        self.path.unlink(missing_ok=True)


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@contextlib.contextmanager
def claimed(path):
    """Keeps other fits from the same file; raises CannotFit if one is at it."""
    lock = path.with_name(f".{path.name}.lock")
    with open(lock, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotFit(
                f"Another fit is making '{path}'; wait for it, or name another file."
            ) from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


class Interrupted(Exception):
    """A fit that was told to end, and can go on."""


class Interruption:
    """Ctrl-C or a request to end, which waits for the end of a step; a second one does not."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def __enter__(self):
        self.wanted = False
        self.before = {number: signal.signal(number, self._note) for number in self.signals}
        return self

    def __exit__(self, *error):
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True


def run(job, checkpoint, quiet):
    """Takes the steps that are left, and tells how long they will take.

    Raises Interrupted, with all steps so far in the checkpoint.
    """
    with Interruption() as interruption:
        _run(job, checkpoint, quiet, interruption)
    checkpoint.save(job, now=True)


def _run(job, checkpoint, quiet, interruption):
    began, first, told = time.monotonic(), job.step, time.monotonic() - 8
    while job.step < job.steps:
        loss = job.advance()
        if interruption.wanted:
            checkpoint.save(job, now=True)
            raise Interrupted
        checkpoint.save(job)
        now = time.monotonic()
        if now - told > 10 or job.step == job.steps:
            left = (now - began) / (job.step - first) * (job.steps - job.step)
            remaining = f", about {duration(left)} left" if job.step < job.steps else ""
            say(f"step {job.step} of {job.steps}, loss {loss:.2f}{remaining}", quiet)
            told = now


def measured(found, courses, quiet):
    """What networks learn from the set in each of several ways, in percent.

    `courses` gives pictures, a learner and its view of pictures. A network learns from four fifths
    of each class and is tested on the originals of the rest.
    """
    import numpy as np

    from .course import accuracy, learnt

    held = np.zeros(len(found.labels), bool)
    for label in range(len(found.names)):
        held[np.flatnonzero(found.labels == label)[::HELD_OUT]] = True
    classes, own = len(found.names), found.labels
    reached = {}
    for name, (pixels, learner, view) in courses.items():
        say(f"measuring what a network learns: {name}", quiet)
        steps = max(1000, round(learner.epochs * (~held).sum() / learner.batch))
        course = learnt(learner, classes, view(pixels[~held]), own[~held], steps)
        told = accuracy(course.model, view(found.pixels[held]), own[held])
        reached[name] = round(told, 1)
    counts = np.bincount(own[held], minlength=classes)
    return {**reached, "chance": round(100 * counts.max() / counts.sum(), 1),
            "tested_on": int(held.sum())}  # fmt: skip


def preparation(arguments):
    """What makes the job for a set; raises CannotFit for what is wrong before the set is read."""
    if arguments.method == "sem":
        from .sem.job import Job

        return lambda found: Job(found, arguments.seed, arguments.steps)
    from .uge import licence, weights
    from .uge.job import Job

    try:
        learner = licence.authorised(arguments.authorised)
        base = weights.hiding(arguments.weights)
    except (licence.LicenceError, weights.WeightsError) as error:
        raise CannotFit(str(error), 2) from None
    return lambda found: Job(found, arguments.seed, learner, arguments.binary, base)


def fit(arguments):
    require_packages()
    from .uge.licence import licence_path

    out = writable(arguments.out, arguments.force)
    if out.suffix != ".safetensors":
        raise CannotFit(f"'{out}' must end with .safetensors, by which a service knows models.", 2)
    if arguments.method == "uge":
        writable(licence_path(out), arguments.force)
    prepared = preparation(arguments)
    with claimed(out):
        _fit(arguments, out, prepared)


def _fit(arguments, out, prepared):
    from .pictures import SetError, read
    from .product import ProductError

    # A method that learns nothing needs a set for its measurement alone.
    needed = arguments.method == "sem" or not arguments.no_measure
    try:
        found = read(arguments.folder, is_learnt=needed)
    except SetError as error:
        raise CannotFit(str(error), 2) from None
    for remark in found.remarks:
        say(remark, arguments.quiet)
    say(
        f"fitting {arguments.method} to {len(found.labels)} pictures of {len(found.names)} classes",
        arguments.quiet,
    )
    job = prepared(found)
    if job.steps:
        checkpoint = Checkpoint(out, digest(found, job.identity()))
        if checkpoint.restore(job, arguments.restart):
            say(f"going on from step {job.step} of {job.steps}", arguments.quiet)
        run(job, checkpoint, arguments.quiet)
    try:
        protection = (
            None if arguments.no_measure else measured(found, job.courses(), arguments.quiet)
        )
    except ProductError as error:
        raise CannotFit(str(error)) from None
    except KeyboardInterrupt:
        # What was learnt is in the checkpoint.
        raise Interrupted if job.steps else KeyboardInterrupt from None
    files = job.save(out, protection)
    if job.steps:
        checkpoint.remove()
    if arguments.json:
        result = {
            "file": str(out), "method": arguments.method, "classes": list(found.names),
            "pictures": len(found.labels), "remarks": list(found.remarks),
            "protection": protection, **files,
        }  # fmt: skip
        print(json.dumps(result, indent=2, sort_keys=True))
    if protection:
        say(f"{job.told(protection)}; {verdict(protection, job.against)}", arguments.quiet)
    say(f"wrote {out}: {job.use(out)}", arguments.quiet)
    for what, path in files.items():
        say(f"wrote {path}, the {what}", arguments.quiet)


def verdict(protection, against):
    """Whether what was measured is more than chance, in a clause.

    `against` names two measurements, the second of which protection makes the smaller one.
    """
    higher, lower = (protection[name] for name in against)
    share = (higher + lower) / 200
    # Two standard errors of the difference of two shares of as many pictures each.
    margin = 200 * (2 * share * (1 - share) / protection["tested_on"]) ** 0.5
    counted = f"{protection['tested_on']} pictures, give or take {margin:.0f} points"
    if higher - lower > margin:
        return f"measured on {counted}"
    return f"that is no difference that {counted}, could show: do not rely on it for this set"


def main(words=None):
    try:
        fit(arguments_of(words))
    except CannotFit as error:
        say(f"Error: {error}")
        return error.status
    except Interrupted:
        say("Interrupted; give the same command again to go on.")
        return 130
    except KeyboardInterrupt:
        say("Interrupted; nothing was written.")
        return 130
    except OSError as error:
        say(f"Error: '{error.filename}' cannot be read or written: {error.strerror}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
