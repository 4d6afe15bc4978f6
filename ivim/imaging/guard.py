"""What stands before every read of a stranger's file: is it a file, is there room for it, does it
hold what it says.
"""

from __future__ import annotations

import bz2
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

SLACK = 1 << 20
"""Bytes behind the image that are let pass: some writers pad."""

CHUNK = 1 << 20

GZIP = 31
"""Window bits by which zlib reads gzip and holds its checksum."""

MOST_DEFLATE = 1032
"""Deflate cannot pack more than this many bytes into one (zlib, "Maximum compression factor")."""


class Refused(ValueError):
    """A file that is not read, with a message of ours: it says why and quotes nothing of what the
    file holds.
    """


def check_file(path: str | Path, accepted: str = "the path of a file") -> Path:
    """The path, if a regular file stands there.

    Parameters
    ----------
    path : path
    accepted : str
        What to give instead, for the message.

    Returns
    -------
    Path

    Raises
    ------
    Refused
        When nothing is there, or a folder, a pipe or a device: reading those may never end.
    """
    path = Path(path)
    if not path.exists():
        msg = f"{path}: no such file; give {accepted}"
        raise Refused(msg)
    if path.is_dir():
        msg = f"{path}: is a folder; give {accepted}"
        raise Refused(msg)
    if not path.is_file():
        msg = f"{path}: is no regular file (a pipe or a device); give {accepted}"
        raise Refused(msg)
    return path


def check_target(
    path: str | Path, inputs: Iterable[str | Path | None] = (), force: bool = False
) -> Path:
    """Refuse a file to write that would replace an input, or, without `force`, anything.

    Parameters
    ----------
    path : path
    inputs : sequence of path or None
        Files that are read in the same run.
    force : bool

    Returns
    -------
    Path

    Raises
    ------
    Refused
    """
    path = keep_inputs(path, inputs)
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "its folder does not exist"
        msg = f"{path}: {what}; give the path of a file"
        raise Refused(msg)
    if path.exists() and not path.is_file():
        msg = f"{path}: is no regular file (a pipe or a device); give the path of a file"
        raise Refused(msg)
    if path.exists() and not force:
        msg = f"{path}: exists already; give another name, or --force to replace it"
        raise Refused(msg)
    return path


def keep_inputs(path: str | Path, inputs: Iterable[str | Path | None]) -> Path:
    """Refuse a file to write that is one of the inputs, by whatever name or link.

    Parameters
    ----------
    path : path
    inputs : sequence of path or None

    Returns
    -------
    Path

    Raises
    ------
    Refused
    """
    path = Path(path)
    for other in inputs:
        if other is not None and path.exists() and Path(other).exists() and path.samefile(other):
            msg = f"{path}: is an input of this run and stays as it is; give another name"
            raise Refused(msg)
    return path


def available_memory() -> int | None:
    """Bytes that this process may still take, or None where the system does not tell.

    Returns
    -------
    int or None
        Bytes.
    """
    limits = [_free_memory(), *_address_space(), *_cgroup()]
    return min((limit for limit in limits if limit is not None), default=None)


def check_room(path: str | Path, needed: int, what: str) -> None:
    """Raise Refused when `needed` bytes are more than the memory that is free.

    Parameters
    ----------
    path : path
    needed : int
        Bytes.
    what : str
        What they are for: ``"an image of 512 x 512 x 40 x 10 voxels"``.

    Raises
    ------
    ValueError
        When there is less memory than needed.
    """
    free = available_memory()
    if free is not None and needed > free:
        msg = (
            f"{path}: {what} needs {_size(needed)} of memory, {_size(free)} are free; "
            "crop the image, or take a larger machine"
        )
        raise Refused(msg)


def unpack(stream: BinaryIO, expected: int, path: str | Path, packing: str = "gzip") -> bytearray:
    """Unpack a stream that should hold `expected` bytes; at most :data:`SLACK` more, and the
    checksum has to be right.

    Parameters
    ----------
    stream : binary file
        At the first packed byte.
    expected : int
    path : path
        For messages.
    packing : {"gzip", "bzip2"}

    Returns
    -------
    bytearray
        The `expected` bytes.

    Raises
    ------
    Refused
        When there is less or much more in the stream, or its checksum is wrong.
    """
    unpacked = bytearray()
    try:
        for piece in _gzip_pieces(stream) if packing == "gzip" else _bzip2_pieces(stream):
            unpacked += piece
            if len(unpacked) > expected + SLACK:
                msg = (
                    f"{path}: holds more than the {_size(expected)} that its header says; save it "
                    "again"
                )
                raise Refused(msg)
    except (zlib.error, OSError, EOFError) as error:
        msg = (
            f"{path}: not readable as an image: damaged or cut off ({packing} data or checksum are "
            "wrong); copy or save it again"
        )
        raise Refused(msg) from error
    if len(unpacked) < expected:
        msg = (
            f"{path}: not readable as an image: cut off, {len(unpacked)} of {expected} bytes are "
            "there; copy or save it again"
        )
        raise Refused(msg)
    del unpacked[expected:]
    return unpacked


def first_bytes(path: Path, count: int) -> tuple[bytes, bool]:
    """The first bytes of a file, unpacked where it is gzip; as many as there are up to `count`.

    Parameters
    ----------
    path : Path
    count : int
        A few thousand at most.

    Returns
    -------
    bytes
    packed : bool
    """
    with path.open("rb") as file:
        head = file.read(max(count, 1 << 16))
    if head[:2] != b"\x1f\x8b":
        return head[:count], False
    try:
        return zlib.decompressobj(GZIP).decompress(head, count), True
    except zlib.error:
        return b"", True


def _gzip_pieces(stream):
    """Unpacked pieces of bounded size; zlib holds the checksums, padding is skipped in large
    steps.
    """
    one, packed = zlib.decompressobj(GZIP), stream.read(CHUNK)
    while True:
        piece = one.decompress(packed, CHUNK)
        yield piece
        packed = one.unconsumed_tail
        if one.eof:
            packed = one.unused_data.lstrip(b"\0")
            while not packed:
                packed = stream.read(CHUNK)
                if not packed:
                    return
                packed = packed.lstrip(b"\0")
            one = zlib.decompressobj(GZIP)
        elif not packed and len(piece) < CHUNK:
            packed = stream.read(CHUNK)
            if not packed:
                raise EOFError


def _bzip2_pieces(stream):
    """Unpacked pieces of bounded size."""
    with bz2.BZ2File(stream) as reader:
        while piece := reader.read(CHUNK):
            yield piece


def _free_memory():
    """Free memory of the machine in bytes."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        import psutil

        return psutil.virtual_memory().available
    except ImportError:
        return None


def _address_space():
    """What a limit of the shell (``ulimit -v``) leaves."""
    try:
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        if soft == resource.RLIM_INFINITY:
            return
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        yield max(soft - pages * os.sysconf("SC_PAGE_SIZE"), 0)
    except (ImportError, OSError, ValueError):
        return


def _cgroup():
    """What a container's limit leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = int((folder / "memory.current").read_text(encoding="ascii"))
            yield max(int(limit) - used, 0)
    except (OSError, ValueError):
        return


def _size(count):
    """Bytes in words."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
