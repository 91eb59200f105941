"""Machine faults that a test can switch while the server runs: a failing disk, a changed clock."""

import contextlib
import errno
import mmap
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("faults.c")


class Faults:
    """The preloaded library, and the commands it reads."""

    def __init__(self, folder, data):
        folder = pathlib.Path(folder)
        library = folder / "faults.so"
        subprocess.run(
            [
                "clang",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-shared",
                "-fPIC",
                "-o",
                library,
                SOURCE,
                "-ldl",
            ],
            check=True,
        )
        orders = folder / "orders"
        orders.write_bytes(bytes(mmap.PAGESIZE))
        with open(orders, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {
            "LD_PRELOAD": str(library), "CRASH_ORDERS": str(orders), "CRASH_FOLDER": str(data)
        }
        self.error, self.share, self.clock_offset, self.reserve_is_room = 0, 0.0, 0, 0

    def write(self):
        values = (self.error, int(self.share * 65536), self.clock_offset, self.reserve_is_room)
        self.map[:20] = struct.pack("=iIqI", *values)

    @contextlib.contextmanager
    def disk(self, error, share=1.0, reserve_is_room=0):
        """Makes the given share of calls that change the data folder fail with an error.

        All succeed while its reserve holds less than `reserve_is_room` bytes.
        """
        self.error, self.share, self.reserve_is_room = getattr(errno, error), share, reserve_is_room
        self.write()
        try:
            yield
        finally:
            self.error, self.share, self.reserve_is_room = 0, 0.0, 0
            self.write()

    def set_clock(self, offset):
        """Offsets the server's wall clock by this many seconds."""
        self.clock_offset = offset
        self.write()
