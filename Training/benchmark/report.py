"""Turns the times into tables and a plot."""

import datetime
import os
import platform
import statistics
from pathlib import Path

import torch
from deephiding import weights

from .network import BFLOAT16, FLOAT32, PALIMPSEST
from .png import LIBPNG

TITLES = {
    "palimpsest": "**Palimpsest**",
    "palimpsest:avx2": "Palimpsest, AVX2 only",
    "torch-eager": "PyTorch",
    "torch-channels-last": "PyTorch, channels last",
    "torch-bf16": "PyTorch, bfloat16",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "openvino-bf16": "OpenVINO, bfloat16",
}


def circumstances(weights_file):
    """Date, machine and weights of a run."""
    processor = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "?",
    )
    family = {
        name: line.split(":")[1].strip()
        for name in ("cpu family", "model")
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.split("\t")[0] == name
    }
    return {
        "date": datetime.date.today().isoformat(),
        "processor": (
            f"{processor}, family {family.get('cpu family', '?')}, model {family.get('model', '?')}"
        ),
        "processors": os.cpu_count(),
        "weights": weights.tensors_sha256(weights_file)[:12],
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _markdown(lines):
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text.insert(1, "|" + "---|" * len(lines[0]))
    return "\n".join(text)


def ratios(records, processors):
    """Speed-up over the fastest other float32 engine, per case.

    On one thread, and with one process per processor.
    """
    found = {}
    for key in dict.fromkeys((r["network"], r["size"]) for r in records):
        engines = {r["engine"]: r for r in records if (r["network"], r["size"]) == key}
        found[key] = {}
        for ours in (PALIMPSEST, f"{PALIMPSEST}:avx2"):
            one = (
                min(engines[e]["one"]["best_ms"] for e in FLOAT32) / engines[ours]["one"]["best_ms"]
            )
            # The baseline may also use all processors for one image.
            others = [engines[e]["processes"]["median_ms"] / processors for e in FLOAT32]
            others += [
                engines[e]["threads"]["median_ms"] for e in FLOAT32 if "threads" in engines[e]
            ]
            found[key][ours] = (
                one, min(others) / (engines[ours]["processes"]["median_ms"] / processors)
            )
    return found


def network_table(part, name, size):
    """One case: milliseconds, images per second, share of the machine's peak, error."""
    records = [r for r in part["engines"] if (r["network"], r["size"]) == (name, size)]
    peak, processors = part["peak"], part["processors"]
    lines = [
        [
            "engine", "one thread, ms", "all processors on one batch, ms",
            f"{processors} processes, images/s", "GFLOP/s", "of the peak", "error",
        ]
    ]  # fmt: skip
    for engine in ("palimpsest", "palimpsest:avx2", *FLOAT32, *BFLOAT16):
        record = next(r for r in records if r["engine"] == engine)
        best = record["one"]["best_ms"]
        rate = record["operations"] / best * 1e-6
        limit = peak.get("avx2" if engine.endswith("avx2") else max(peak, key=peak.get))
        lines.append(
            [
                TITLES[engine],
                f"{best:.1f}",
                f"{record['threads']['best_ms']:.1f}" if "threads" in record else "-",
                f"{processors * record['images'] / record['processes']['median_ms'] * 1e3:.1f}",
                f"{rate:.0f}",
                f"{100 * rate / limit:.0f} %" if not engine.endswith("bf16") else "-",
                f"{record['largest_error']:.0e}",
            ]
        )
    return _markdown(lines)


def network_text(part):
    ratio = ratios(part["engines"], part["processors"])
    paragraphs = []
    for (name, size), by_kernel in ratio.items():
        records = {
            r["engine"]: r for r in part["engines"] if (r["network"], r["size"]) == (name, size)
        }
        (one, many), (one_avx2, many_avx2) = by_kernel[PALIMPSEST], by_kernel[f"{PALIMPSEST}:avx2"]
        paragraphs.append(f"**{name.capitalize()}, {size}**")
        paragraphs.append(network_table(part, name, size))
        paragraphs.append(
            f"Against the fastest other float32 engine: {one:.2f} times as fast on one thread, "
            f"{many:.2f} times the throughput; with AVX2 {one_avx2:.2f} and {many_avx2:.2f} times. "
            "With a semantic image that was prepared before: "
            f"{records[PALIMPSEST]['prepared']['best_ms']:.1f} ms."
        )
    peaks = ", ".join(f"{name} {value:.0f}" for name, value in part["peak"].items())
    paragraphs.append(
        "Milliseconds are the best of all runs, images a second the median of processes that run "
        "at the same time. GFLOP/s count direct convolutions, so that a method that saves "
        "multiplications can exceed the peak (multiply-adds in registers, GFLOP/s on one thread: "
        f"{peaks}). The error is the largest difference from the network in double precision. "
        f"{part['date']}, {part['processor']}, {part['processors']} processors, PyTorch "
        f"{part['torch']}, shipped weights {part['weights']}."
    )
    return "\n\n".join(paragraphs) + "\n"


def png_text(part):
    """Time and size of each encoder, over all photos and for the twelve-megapixel one."""
    places = {f"{len(part['photos'])} photos": part["photos"], "12 MP": part["12 MP"]}
    columns = ("ms a megapixel", "size")
    lines = [
        ["encoder", *(f"{name}, {what}" for name in places for what in columns), "largest size"]
    ]
    sums = {}
    for name, records in places.items():
        for record in records:
            base = next(r["bytes"] for r in record["encoders"] if r["encoder"] == LIBPNG)
            for encoder in record["encoders"]:
                sums.setdefault(encoder["encoder"], {}).setdefault(name, []).append(
                    (encoder["ms"], encoder["bytes"], base, record["pixels"])
                )
    for encoder, by_place in sums.items():
        cells, largest = [], 0
        for found in by_place.values():
            milliseconds, size, base, pixels = (sum(column) for column in zip(*found, strict=True))
            cells += [f"{milliseconds / pixels * 1e6:.1f}", f"{size / base:.3f}"]
            largest = max(largest, *(one / other for _, one, other, _ in found))
        lines.append([encoder, *cells, f"{largest:.3f}"])
    fact = (
        "Protected photos. Sizes are those of libpng's file times so much, of all photos "
        f"together; the largest is that of a single one. {part['date']}, {part['processor']}, "
        f"shipped weights {part['weights']}."
    )
    return _markdown(lines) + f"\n\n- {fact}\n"


def stages_table(part):
    """The twelve-megapixel photo, stage by stage."""
    record = next(r for r in part["sizes"] if r["photo"] == "12 MP" and not r["progressive"])
    lines = (
        [["stage", "ms"]]
        + [[name[2:], f"{ms:.1f}"] for name, ms in sorted(record["stages_ms"].items())]
    )
    lines.append(["**all of it, in the standard mode**", f"**{min(record['protect_ms']):.0f}**"])
    lines.append(["decoding and encoding alone", f"{min(record['decode_encode_ms']):.0f}"])
    return _markdown(lines)


def sizes_table(part):
    lines = [
        [
            "photo", "JPEG MB", "PNG MB", "ms", "decode and encode alone, ms", "ratio",
            "peak memory MiB", "bytes a pixel",
        ]
    ]  # fmt: skip
    for record in part["sizes"]:
        whole, codec = min(record["protect_ms"]), min(record["decode_encode_ms"])
        pixels = record["width"] * record["height"]
        lines.append(
            [
                record["photo"] + (", progressive" if record["progressive"] else ""),
                f"{record['jpeg_bytes'] / 1e6:.1f}",
                f"{record['png_bytes'] / 1e6:.1f}",
                f"{whole:.0f}",
                f"{codec:.0f}",
                f"{whole / codec:.2f}",
                f"{record['peak_memory_kib'] / 1024:.0f}",
                f"{record['peak_memory_kib'] * 1024 / pixels:.1f}",
            ]
        )
    return _markdown(lines)


def threads_table(part):
    """The twelve-megapixel photo on one thread and on two."""
    one, two = part["threads"]
    lines = [["12 MP", "one thread, ms", "two threads, ms", "times as fast"]]
    rows = [
        (name[2:], one["stages_ms"][name], two["stages_ms"][name])
        for name in sorted(one["stages_ms"])
    ]
    rows.append(("**all of it**", min(one["protect_ms"]), min(two["protect_ms"])))
    lines += [[name, f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}"] for name, a, b in rows]
    return _markdown(lines)


def processes_table(part):
    """The twelve-megapixel photo as a whole process, against libvips."""
    theirs = part["whole_processes"][0]
    lines = [["12 MP JPEG to PNG, whole process", "ms", "of libvips's", "PNG MB"]]
    lines += [
        [
            r["tool"], f"{r['best_ms']:.0f}", f"{r['best_ms'] / theirs['best_ms']:.2f}",
            f"{r['png_bytes'] / 1e6:.1f}",
        ]
        for r in part["whole_processes"]
    ]  # fmt: skip
    return _markdown(lines)


def pictures_text(part):
    tools = [["other tools, 12 MP, whole process", "ms", "PNG MB"]]
    tools += [
        [r["tool"], f"{r['best_ms']:.0f}", f"{r['png_bytes'] / 1e6:.1f}"]
        for r in part["other_tools"]
    ]
    small, service = part["small"], part["service"]
    facts = [
        f"{small['pictures']} pictures of 32x32 by `palimpsest protect`: {small['seconds']:.1f} "
        f"s, {small['pictures'] / small['seconds']:.0f} a second. One alone, with the start of "
        f"the program and of a codec process: {small['one_ms']:.0f} ms.",
        f"{service['photos']} photos of 0.3 to 3 megapixels ({service['megapixels']:.0f} in all) "
        f"through the service: uploaded after {service['uploaded_s']:.1f} s, protected after "
        f"{service['finished_s']:.1f} s, {service['archive_bytes'] / 1e9:.2f} GB of archives "
        f"downloaded after {service['downloaded_s']:.1f} s: "
        f"{service['photos'] / service['downloaded_s']:.1f} photos a second.",
        f"{part['date']}, {part['processor']}, {part['processors']} processors, shipped weights "
        f"{part['weights']}. Best of the runs; photos are enlarged from a fixture, with grain.",
    ]
    return (
        "\n\n".join(
            [
                stages_table(part),
                sizes_table(part),
                threads_table(part),
                processes_table(part),
                _markdown(tools),
                "\n".join(f"- {fact}" for fact in facts),
            ]
        )
        + "\n"
    )


def server_text(part):
    """Both servers and their ratio, from the medians of the rounds."""
    lines = [["requests a second", "Palimpsest", "nginx", "of nginx's"]]
    for record in part["cases"]:
        ours, theirs = (statistics.median(record[name]) for name in ("palimpsest", "nginx"))
        lines.append([record["case"], f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"])
    fact = (
        "wrk with 64 connections that are kept, ab with 64 at once and one for each request, curl "
        f"for what is large; on the same {part['processors']} processors as the servers. A job's "
        f"document has {part['document_bytes']} bytes and is sent after the key was checked; "
        "nginx sends a file of the same bytes. The upload is a form of eight files, which are "
        "hashed and synced to disk; nginx writes one file (PUT), which is synced after it. "
        "The archive is put together from the photos' files; nginx sends it as a file. Medians of "
        f"{len(part['cases'][0]['nginx'])} rounds in turn. {part['date']}, {part['processor']}."
    )
    return _markdown(lines) + f"\n\n- {fact}\n"


def plot(part, path):
    """Plots time against size: the network's cost is fixed, the rest grows with the photo."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    records = [r for r in part["sizes"] if not r["progressive"]]
    megapixels = [r["width"] * r["height"] / 1e6 for r in records]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.plot(megapixels, [min(r["protect_ms"]) for r in records], "o-", label="all of it")
    axes.plot(
        megapixels,
        [min(r["decode_encode_ms"]) for r in records],
        "s--",
        label="decoding and encoding alone",
    )
    axes.plot(megapixels, [r["stages_ms"]["5 network"] for r in records], "^-", label="network")
    axes.set_xlabel("megapixels")
    axes.set_ylabel("ms on one thread")
    axes.set_ylim(0)
    axes.set_xlim(0)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def write(results, out):
    """Writes the tables and the plot of the parts that were measured; returns the text."""
    texts = []
    if "network" in results:
        texts.append(network_text(results["network"]))
        (out / "network.md").write_text(texts[-1])
    if "png" in results:
        texts.append(png_text(results["png"]))
        (out / "png.md").write_text(texts[-1])
    if "pictures" in results:
        texts.append(pictures_text(results["pictures"]))
        (out / "pictures.md").write_text(texts[-1])
        plot(results["pictures"], out / "sizes.png")
    if "server" in results:
        texts.append(server_text(results["server"]))
        (out / "server.md").write_text(texts[-1])
    return "\n".join(texts)
