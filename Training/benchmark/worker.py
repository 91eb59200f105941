"""Runs one engine on one prepared case: `python worker.py ENGINE FOLDER THREADS REPETITIONS`.

Prints `ready`, waits for a line, times the repetitions, writes the last result to FOLDER/ENGINE.f32
and prints the times in milliseconds as JSON. Needs only numpy and the engine.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np


def torch_runner(engine, folder, cover, secret, case):
    import torch

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from benchmark.model import Hiding
    from deephiding import weights

    torch.set_num_threads(case["threads"])
    model = Hiding(weights.load(folder / "weights.safetensors", case["masked"])[0]).eval()
    inputs = [torch.from_numpy(cover), torch.from_numpy(secret)]
    if engine != "torch-eager":
        model = model.to(memory_format=torch.channels_last)
        inputs = [image.contiguous(memory_format=torch.channels_last) for image in inputs]

    def run():
        with torch.inference_mode(), torch.autocast(
            "cpu", torch.bfloat16, enabled=engine == "torch-bf16"
        ):
            return model(*inputs).float().contiguous().numpy()

    return run


def onnxruntime_runner(_engine, folder, cover, secret, case):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = case["threads"]
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"cover": cover, "secret": secret})[0]


def openvino_runner(engine, folder, cover, secret, case):
    import openvino

    precision = "bf16" if engine.endswith("bf16") else "f32"
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": case["threads"],
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        # With pinning, every process would run on the first processor.
        "ENABLE_CPU_PINNING": "NO",
    }
    model = openvino.Core().compile_model(str(folder / "model.onnx"), "CPU", settings)
    return lambda: model({"cover": cover, "secret": secret})[0]


RUNNERS = {
    "torch-eager": torch_runner,
    "torch-channels-last": torch_runner,
    "torch-bf16": torch_runner,
    "onnxruntime": onnxruntime_runner,
    "openvino": openvino_runner,
    "openvino-bf16": openvino_runner,
}


def main():
    engine, folder, threads, repetitions = (
        sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    )
    os.environ["OMP_NUM_THREADS"] = str(threads)
    case = json.loads((folder / "case.json").read_text()) | {"threads": threads}
    cover, secret = (
        np.fromfile(folder / f"{name}.f32", "<f4").reshape(case["shape"])
        for name in ("cover", "secret")
    )
    run = RUNNERS[engine](engine, folder, cover, secret, case)
    result = run()
    print("ready", flush=True)
    sys.stdin.readline()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        result = run()
        times.append(1e3 * (time.perf_counter() - start))
    np.asarray(result, "<f4").tofile(folder / f"{engine}.f32")
    print(json.dumps({"ms": times}))


if __name__ == "__main__":
    main()
