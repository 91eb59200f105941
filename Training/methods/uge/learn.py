"""Trains a licensed learner on protected pictures.

    python3 -m methods.uge.learn PROTECTED --licence FILE --out net.pt [--test FOLDER]

PROTECTED holds a folder for each class, of pictures as `palimpsest protect` gave them, whole and
unchanged. The state of the trained network goes to net.pt; its view of pictures is the licence's
field, also when it is asked about new ones. `--test` names originals to count what it tells.
"""

import argparse
import io
import sys

import torch

from ..course import accuracy, learnt
from ..fit import CannotFit, say, writable
from ..partial import replace
from ..pictures import SetError, read
from . import licence


def arguments_of(words):
    parser = argparse.ArgumentParser(description="Trains a licensed learner.")
    parser.add_argument("folder", metavar="PROTECTED")
    parser.add_argument("--licence", required=True, metavar="FILE")
    parser.add_argument("--out", required=True, metavar="FILE", help="the network's state")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    parser.add_argument("--test", metavar="FOLDER", help="originals, a folder for each class")
    return parser.parse_args(words)


def learn(arguments):
    out = writable(arguments.out, arguments.force)
    permit = licence.read(arguments.licence)
    found = read(arguments.folder, permit.view)
    test = None
    if arguments.test:
        test = read(arguments.test, permit.view, found.side, is_learnt=False)
        if test.names != found.names:
            raise SetError(f"'{arguments.test}' has other classes than '{arguments.folder}'.")
    for remark in found.remarks:
        say(remark)
    classes = len(found.names)
    if licence.start_sha256(permit.learner, classes) != permit.start_sha256:
        say(
            "The first weights are not those of the licence: this version of PyTorch makes others, "
            "the number of classes is another, or the licence was changed."
        )
    say(f"learning from {len(found.labels)} pictures of {classes} classes")
    course = learnt(permit.learner, classes, found.pixels, found.labels)
    state = io.BytesIO()
    torch.save({"classes": found.names, "state": course.model.state_dict()}, state)
    replace(out, state.getvalue())
    say(f"wrote {out}")
    if test:
        told = accuracy(course.model, test.pixels, test.labels)
        print(f"{told:.1f} % of {len(test.labels)} pictures in '{arguments.test}' told")


def main(words=None):
    try:
        learn(arguments_of(words))
    except CannotFit as error:
        say(f"Error: {error}")
        return error.status
    except (licence.LicenceError, SetError) as error:
        say(f"Error: {error}")
        return 2
    except OSError as error:
        say(f"Error: '{error.filename}': {error.strerror}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
