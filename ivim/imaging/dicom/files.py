"""DICOM files below a folder, told by their content; every other file is passed over.

A path may hold a patient's name, so messages name a file by its place: "file 17 of 240", counted in
the order of the paths below the folder (what ``find -type f | LC_ALL=C sort`` gives).
"""

from __future__ import annotations

import gzip
import os
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


GZIP = b"\x1f\x8b"
LARGEST_UNPACKED = 4_000_000_000
"""Bytes. A packed DICOM file that unpacks to more is refused while it unpacks (no file of a
diffusion series comes near: 30 b-values of 60 slices of 512 x 512 voxels are 0.9 GB)."""

# Group 0008 comes first in a file without preamble; its length, class or character set follow.
NAKED = tuple(b"\x08\x00" + bytes([low, 0]) for low in (0x00, 0x01, 0x05, 0x08, 0x16))


@dataclass(frozen=True)
class Source:
    """One DICOM file.

    Attributes
    ----------
    path : Path
    number : int
        Its place among all files below the folder, from 1.
    below : str
        First folder below DICOM_DIR on the way to it, empty where it lies in DICOM_DIR itself.
    packed : bool
        Packed by gzip.
    """

    path: Path
    number: int
    below: str
    packed: bool = False


@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Attributes
    ----------
    sources : tuple of Source
    total : int
        Files of any kind.
    links : int
        Symbolic links that lead out of the folder and were not followed.
    """

    sources: tuple
    total: int
    links: int


def find_files(folder: str | Path) -> Found:
    """Find the DICOM files below a folder.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Found

    Raises
    ------
    ValueError
        When there is no such folder, it cannot be read, or holds no DICOM file.
    """
    root = Path(folder)
    if not root.is_dir():
        what = "is a file" if root.exists() else "no such folder"
        msg = f"{folder}: {what}; give the folder that holds the scanner's DICOM files"
        raise ValueError(msg)
    paths, links = _walk(root.resolve())
    sources = [
        Source(path, number, below, kind == "gzip")
        for number, (below, path) in enumerate(paths, start=1)
        if (kind := _kind(path, number, len(paths)))
    ]
    if not sources:
        msg = f"{folder}: no DICOM file among {len(paths)} files; give the scanner's export"
        raise ValueError(msg)
    return Found(tuple(sources), len(paths), links)


def _walk(root):
    """All files below in the order of their paths, the first folder of each; and links out."""
    found, links = [], 0
    try:
        for folder, folders, names in os.walk(root, onerror=_fail):
            here = Path(folder)
            links += sum((here / name).is_symlink() for name in folders)
            for path in (here / name for name in names):
                if path.is_symlink() and not _stays(path, root):
                    links += 1
                elif path.is_file():
                    found.append(path.relative_to(root))
    except OSError as error:
        msg = f"a folder below DICOM_DIR cannot be read ({error.strerror}); check its permissions"
        raise ValueError(msg) from None
    found.sort(key=lambda path: os.fsencode(path.as_posix()))
    return [(path.parts[0] if len(path.parts) > 1 else "", root / path) for path in found], links


def _fail(error):
    raise error


def _stays(link, root):
    """Whether a symbolic link leads to a place below the folder; one in a circle does not."""
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _kind(path, number, total):
    """ "plain" or "gzip" for a DICOM file, nothing for any other."""
    try:
        with path.open("rb") as file:
            head = file.read(132)
        if head[:2] == GZIP:
            with gzip.open(path) as file:
                return "gzip" if _is_dicom(file.read(132)) else ""
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return ""
    except OSError as error:
        msg = f"file {number} of {total} cannot be read ({error.strerror}); check its permissions"
        raise ValueError(msg) from None
    return "plain" if _is_dicom(head) else ""


def _is_dicom(head):
    return head[128:132] == b"DICM" or head[:4] in NAKED


@contextmanager
def unpacked(source: Source, folder: str | Path, name: str) -> Iterator[Path]:
    """Path of a plain copy (packed file) or link (plain file) called `name` in `folder`.

    Parameters
    ----------
    source : Source
    folder, name : path, str

    Yields
    ------
    Path

    Raises
    ------
    ValueError
        When a packed file is broken or unpacks to more than :data:`LARGEST_UNPACKED`.
    """
    target = Path(folder) / name
    if source.packed:
        unpack(source, target)
    else:
        _link(source.path, target)
    try:
        yield target
    finally:
        target.unlink(missing_ok=True)


def stage(sources: Sequence[Source], folder: str | Path) -> list[Path]:
    """Put files under neutral names into a folder, for a program that reads whole folders.

    Parameters
    ----------
    sources : sequence of Source
    folder : path
        Empty.

    Returns
    -------
    list of Path
    """
    targets = [Path(folder) / f"{place:06d}.dcm" for place in range(len(sources))]
    for source, target in zip(sources, targets, strict=True):
        if source.packed:
            unpack(source, target)
        else:
            _link(source.path, target)
    return targets


def unpack(source: Source, target: str | Path) -> None:
    """Write the content of a packed file to `target`, never more than :data:`LARGEST_UNPACKED`.

    Parameters
    ----------
    source : Source
    target : path

    Raises
    ------
    ValueError
        When the file is broken or too large.
    """
    written = 0
    try:
        with gzip.open(source.path) as packed, Path(target).open("wb") as plain:
            while chunk := packed.read(1 << 20):
                written += len(chunk)
                if written > LARGEST_UNPACKED:
                    msg = (
                        f"file {source.number} unpacks to more than {LARGEST_UNPACKED / 1e9:g} GB; "
                        "unpack it yourself (gunzip) if that is right"
                    )
                    raise ValueError(msg)
                plain.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        msg = f"file {source.number} is a broken gzip file; copy it again"
        raise ValueError(msg) from None


def _link(path, target):
    import shutil

    try:
        target.symlink_to(path)
    except OSError:  # a file system or a system without symbolic links
        shutil.copyfile(path, target)
