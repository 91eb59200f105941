"""Times the network alone, with the same weights and images in every engine.

What follows the network in the product, the mask of photos among it, is no part of any engine's
graph and is not timed here: `palimpsest-bench photo` times it.

Each engine runs on one thread, and with one process per processor.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from deephiding import weights
from deephiding.network import HidingNetwork
from deephiding.semantic_images import semantic_image

from . import model

PALIMPSEST = "palimpsest"
FLOAT32 = ("torch-eager", "torch-channels-last", "onnxruntime", "openvino")
BFLOAT16 = ("torch-bf16", "openvino-bf16")
# Images, rows and columns of a batch.
SIZES = {
    "224x224": (1, 224, 224),
    "256x256": (1, 256, 256),
    "512x512": (1, 512, 512),
    "64 of 32x32": (64, 32, 32),
}


def cases(folder, shipped, covers):
    """The paper's network, and those that ship: the one for photos and that for small pictures."""
    paper = Path(folder) / "paper.safetensors"
    random_weights(paper)
    photos = [size for size, (images, _, _) in SIZES.items() if images == 1]
    small = [size for size in SIZES if size not in photos]
    return [
        Case(folder, name, size, file, masked, covers)
        for name, file, masked, sizes in (
            ("paper's size", paper, False, SIZES),
            ("shipped for photos", shipped, True, photos),
            ("shipped for small pictures", shipped, False, small),
        )
        for size in sizes
    ]


class Case:
    """A network and a batch, written to files that every engine can read."""

    def __init__(self, folder, name, size, weights_file, masked, covers):
        self.name, self.size = name, size
        self.folder = Path(folder) / f"{name} {size}".replace(" ", "-")
        self.folder.mkdir(parents=True)
        self.shape = [SIZES[size][0], 3, *SIZES[size][1:]]
        self.masked = masked
        (self.folder / "case.json").write_text(json.dumps({"shape": self.shape, "masked": masked}))
        (self.folder / "weights.safetensors").symlink_to(Path(weights_file).resolve())
        network, _ = weights.load(weights_file, masked)
        self.operations = SIZES[size][0] * model.operations(
            network.configuration, self.shape[3], self.shape[2]
        )
        height, width = self.shape[2:]
        cover = covers(self.shape[0], height, width)
        secret = np.stack(
            [semantic_image(1, i % 10, 2, width, height) for i in range(self.shape[0])]
        ).astype("<f4")
        for file, array in (("cover", cover), ("secret", secret)):
            array.astype("<f4").tofile(self.folder / f"{file}.f32")
        inputs = torch.from_numpy(cover).float(), torch.from_numpy(secret).float()
        with torch.no_grad():
            self.expected = model.Hiding(network.double())(
                *(image.double() for image in inputs)
            ).numpy()
            model.export(network.float(), *inputs, self.folder / "model.onnx")

    def command(self, engine, threads, repetitions, tools):
        if not engine.startswith(PALIMPSEST):
            python = sys.executable if engine.startswith("torch") else tools.bench_python
            return [
                str(python),
                str(Path(__file__).with_name("worker.py")),
                engine,
                str(self.folder),
                str(threads),
                str(repetitions),
            ]
        images, _, height, width = self.shape
        options = {
            "weights": "weights.safetensors",
            "cover": "cover.f32",
            "secret": "secret.f32",
            "out": f"{engine}.f32",
        }
        files = [
            word
            for name, file in options.items()
            for word in (f"--{name}", str(self.folder / file))
        ]
        sizes = [
            "--width", str(width), "--height", str(height), "--images", str(images),
            "--repetitions", str(repetitions),
        ]  # fmt: skip
        use = ["--masked"] if self.masked else []
        return [str(tools.binary), "network", "--wait", *use, *files, *sizes]

    def time(self, engine, threads, processes, repetitions, tools):
        """Milliseconds of each repetition in each process; all processes start together."""
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        if ":" in engine:
            environment["PALIMPSEST_ISA"] = engine.split(":")[1]
        command = self.command(engine, threads, repetitions, tools)
        running = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            for _ in range(processes)
        ]
        for process in running:
            line = process.stdout.readline()
            if line != "ready\n":
                raise RuntimeError(f"{engine} did not start: {line}{process.stdout.read()}")
        for process in running:
            process.stdin.write("go\n")
            process.stdin.close()
        answers = [json.loads(process.stdout.read()) for process in running]
        if any(process.wait() for process in running):
            raise RuntimeError(f"{engine} failed")
        return [answer["ms"] for answer in answers], answers[0]

    def error(self, engine):
        """The largest difference from the network in double precision."""
        result = np.fromfile(self.folder / f"{engine}.f32", "<f4").reshape(self.shape)
        return float(np.abs(result - self.expected).max())


def random_weights(path, blocks=16, growth=32, seed=0):
    """A network of the paper's size; random weights change the cover as little as trained ones."""
    torch.manual_seed(seed)
    network = HidingNetwork(blocks, growth, 2.0)
    with torch.no_grad():
        for block in network.blocks:
            for submodule in (block.phi, block.rho, block.eta):
                torch.nn.init.normal_(submodule.conv5.weight, std=0.002)
    weights.save(path, network, {"note": "random, for speed alone"}, {}, "CC0-1.0")


def measure(cases, tools, rounds, seconds):
    """One record per case and engine: best and median times.

    On one thread, on two threads, and with two concurrent processes.
    """
    records = []
    processors = os.cpu_count()
    for case in cases:
        engines = [PALIMPSEST, f"{PALIMPSEST}:avx2", *FLOAT32, *BFLOAT16]
        collected = {engine: {"one": [], "threads": [], "processes": []} for engine in engines}
        prepared = []
        for round_number in range(rounds):
            # The engines take turns, so that interference from other processes hits all of them.
            for engine in engines:
                kinds = {"one": (1, 1), "processes": (1, processors)}
                if engine.startswith("torch"):
                    kinds["threads"] = (processors, 1)
                for kind, (threads, processes) in kinds.items():
                    once = collected[engine][kind][0] if collected[engine][kind] else None
                    repetitions = (
                        2 if once is None else max(2, min(50, round(1e3 * seconds / once)))
                    )
                    times, answer = case.time(engine, threads, processes, repetitions, tools)
                    collected[engine][kind] += [t for process in times for t in process]
                    if engine == PALIMPSEST and kind == "one":
                        prepared += answer["prepared_ms"]
            print(
                f"{case.name} {case.size}: round {round_number + 1} of {rounds}",
                file=sys.stderr,
                flush=True,
            )
        for engine, kinds in collected.items():
            record = {"network": case.name, "size": case.size, "engine": engine,
                      "images": case.shape[0], "operations": case.operations,
                      "largest_error": case.error(engine)}  # fmt: skip
            for kind, times in kinds.items():
                if times:
                    record[kind] = {
                        "best_ms": min(times),
                        "median_ms": float(np.median(times)),
                        "runs": len(times),
                    }
            if engine == PALIMPSEST:
                record["prepared"] = {
                    "best_ms": min(prepared),
                    "median_ms": float(np.median(prepared)),
                    "runs": len(prepared),
                }
            records.append(record)
    return records
