"""A codec process that misbehaves in the way its first argument names. Written from the protocol, not from its Swift code.

Frame: b"PLM1", header length (u32 LE), body length (u64 LE), header (JSON), body.
"""

import hashlib
import json
import os
import socket
import struct
import sys
import time
import zlib

MODEL = "ab" * 32
NAMES = [name for option, name in zip(sys.argv, sys.argv[1:]) if option == "--model"]

channel = socket.socket(fileno=0)


def send(header, body=b""):
    text = json.dumps(header).encode()
    channel.sendall(b"PLM1" + struct.pack("<IQ", len(text), len(body)) + text + body)


def receive_exactly(count):
    data = b""
    while len(data) < count:
        piece = channel.recv(count - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def receive():
    magic, header, body = struct.unpack("<4sIQ", receive_exactly(16))
    assert magic == b"PLM1"
    return json.loads(receive_exactly(header)), receive_exactly(body)


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0" + bytes(6))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def report(image, source, picture):
    settings = image["settings"]
    return {
        "width": 2,
        "height": 1,
        "mode": settings["mode"],
        "strength": settings["strength"],
        "clip": settings["clip"],
        "bound": settings["strength"] if settings["clip"] else None,
        "linf": 3,
        "psnr": 40.0,
        "ssim": 0.99,
        "class": image["label"],
        "artefact_sha256": "cd" * 32,
        "model_sha256": MODEL,
        "input_sha256": hashlib.sha256(source).hexdigest(),
        "output_sha256": hashlib.sha256(picture).hexdigest(),
        "input_format": "png",
        "luminance_only": False,
        "working_width": 2,
        "working_height": 1,
    }


def answer(image, source, **changes):
    picture = png()
    send({"type": "protected", "id": image["id"], "report": {**report(image, source, picture), **changes}}, picture)


def import_picture(behaviour, source):
    if behaviour == "honest":
        send({"type": "imported"}, png())
    elif behaviour == "refuses":
        send({"type": "failed", "id": 0, "code": "image_corrupt", "detail": f"It has {len(source)} bytes."})
    elif behaviour == "makes-none":
        send({"type": "imported"}, source)
    elif behaviour == "wrong-image":
        send({"type": "failed", "id": 1, "code": "image_corrupt", "detail": "Another one."})
    elif behaviour == "protects-instead":
        picture = png()
        settings = {"mode": "sample-wise", "strength": 8, "clip": True}
        image = {"settings": settings, "label": "cats"}
        send({"type": "protected", "id": 0, "report": report(image, source, picture)}, picture)
    elif behaviour == "hang":
        time.sleep(3600)
    else:
        os.kill(os.getpid(), 11)


def pieces(header, body):
    start = sum(picture["bytes"] for picture in header["imported"])
    for image in header["images"]:
        yield image, body[start : start + image["bytes"]]
        start += image["bytes"]


def main():
    behaviour = sys.argv[1]
    if behaviour == "unready":
        send({"type": "unready", "code": "weights_malformed", "detail": "the file\nis no good"})
        sys.exit(3)
    if behaviour == "silent-death":
        sys.exit(7)
    if behaviour == "never-ready":
        receive()
        time.sleep(3600)
    names = ["another"] if behaviour == "loads-others" else NAMES
    models = [
        {
            "name": name,
            "method": "deep-hiding",
            "settings": [],
            "model_sha256": MODEL,
            "licence": "",
            "photo_mask": "channels",
        }
        for name in names
    ]
    if behaviour == "greets-too-long":
        channel.sendall(b"PLM1" + struct.pack("<IQ", 2, (256 << 10) + 1) + b"{}")
        receive()
    send({"type": "ready", "models": models, "pid": os.getpid()})
    if behaviour == "speaks-unasked":
        receive_exactly(1)
    while True:
        header, body = receive()
        if header["type"] == "import":
            import_picture(behaviour, body)
            continue
        for image, source in pieces(header, body):
            if behaviour == "honest":
                answer(image, source)
            elif behaviour == "garbage":
                channel.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            elif behaviour == "huge":
                channel.sendall(b"PLM1" + struct.pack("<IQ", 0xFFFFFFFF, 2**63))
            elif behaviour == "half":
                channel.sendall(b"PLM1\x10\0\0")
                sys.exit(0)
            elif behaviour == "hang":
                time.sleep(3600)
            elif behaviour == "burn":
                while True:
                    pass
            elif behaviour == "lies-about-hash":
                answer(image, source, output_sha256="00" * 32)
            elif behaviour == "lies-about-bound":
                answer(image, source, linf=9)
            elif behaviour == "lies-about-method":
                answer(image, source, method="class-noise")
            elif behaviour == "wrong-image":
                answer({**image, "id": image["id"] + 1}, source)
            elif behaviour == "makes-none":
                send({"type": "imported"}, png())
            elif behaviour == "dies-on-poison" and source.startswith(b"poison"):
                os.kill(os.getpid(), 11)
            elif behaviour == "dies-on-poison":
                answer(image, source)
            elif behaviour == "hangs-on-tar" and source.startswith(b"tar"):
                time.sleep(3600)
            elif behaviour == "hangs-on-tar":
                answer(image, source)
            elif behaviour == "says-threads":
                threads = str(header.get("threads"))
                send({"type": "failed", "id": image["id"], "code": "threads", "detail": threads})
            elif behaviour == "inspect":
                descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
                # The listing itself holds the last one.
                facts = {
                    "descriptors": descriptors[:-1],
                    "environment": sorted(os.environ),
                    "own_group": os.getpgrp() == os.getpid(),
                    "weights": os.pread(3, 100, 0).decode(),
                    "arguments": sys.argv[2:],
                    "null": os.readlink("/proc/self/fd/1"),
                }
                send({"type": "failed", "id": image["id"], "code": "facts", "detail": json.dumps(facts)})


main()
