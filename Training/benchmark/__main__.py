"""Runs the benchmark and writes its tables. Takes half an hour on two otherwise idle processors."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from . import network, pictures, png, report, server

PARTS = ("network", "png", "pictures", "server")


def main():
    parser = argparse.ArgumentParser(
        prog="benchmark", description="Times Palimpsest beside other engines and tools."
    )
    parser.add_argument("--product", required=True, help="the built palimpsest")
    parser.add_argument("--binary", required=True, help="the built palimpsest-bench")
    parser.add_argument("--weights", required=True, help="the shipped weights")
    parser.add_argument(
        "--bench-python", required=True, help="the Python that has onnxruntime and openvino"
    )
    parser.add_argument("--out", default="runs/performance", help="folder of the tables")
    parser.add_argument("--rounds", type=int, default=3, help="how often every engine has its turn")
    parser.add_argument(
        "--seconds", type=float, default=3, help="how long an engine is timed in a turn"
    )
    parser.add_argument(
        "--photos",
        default=str(pictures.FIXTURES),
        help="a folder of photos, RGB, to compare PNG encoders on",
    )
    parser.add_argument(
        "--only",
        choices=PARTS,
        action="append",
        help="only that part; the others stay as they were",
    )
    arguments = parser.parse_args()
    tools = SimpleNamespace(
        product=arguments.product,
        binary=arguments.binary,
        weights=arguments.weights,
        bench_python=arguments.bench_python,
    )
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "performance.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    parts = arguments.only or PARTS
    with tempfile.TemporaryDirectory(prefix="palimpsest-bench-") as folder:
        folder = Path(folder)
        if "network" in parts:
            peak = json.loads(
                subprocess.run(
                    [tools.binary, "peak"], check=True, capture_output=True, text=True
                ).stdout
            )
            cases = network.cases(folder, arguments.weights, pictures.covers)
            results["network"] = {
                "peak": peak,
                "engines": network.measure(cases, tools, arguments.rounds, arguments.seconds),
            }
            results["network"] |= report.circumstances(arguments.weights)
        if "png" in parts:
            results["png"] = (
                png.measure(arguments.photos, folder, tools)
                | report.circumstances(arguments.weights)
            )
        if "pictures" in parts:
            results["pictures"] = {
                "sizes": pictures.sizes(folder, tools),
                "threads": pictures.threads(folder, tools),
                "whole_processes": pictures.whole_processes(folder, tools),
                "other_tools": pictures.other_tools(folder),
                "small": pictures.small_ones(folder, tools),
                "service": pictures.service(folder, tools),
            } | report.circumstances(arguments.weights)
        if "server" in parts:
            results["server"] = (
                server.measure(folder, tools) | report.circumstances(arguments.weights)
            )
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(report.write(results, out))


if __name__ == "__main__":
    sys.exit(main())
