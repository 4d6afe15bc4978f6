"""A volume in blocks of voxels: read, worked on by threads, with a progress bar.

The size of a block does not depend on the number of threads, so that neither do the maps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ivim.signal.inputs import Volume

Places = tuple[NDArray[np.intp], ...]

BLOCK = 4096
"""Most voxels fitted at a time per thread: some megabytes, so that memory does not grow with the
volume."""

LEAST = 512
"""Fewer voxels than this are not worth a block of their own."""

SHARES = 8
"""Blocks of one size come in multiples of this, so that 2, 4 or 8 threads end together."""

PART = 32 * BLOCK
"""Voxels of a volume that are looked at together where no fit is made."""


def blocks(data: Volume, mask: NDArray[np.bool_]) -> Iterator[tuple[Places, NDArray[np.float64]]]:
    """Places (a tuple of index arrays) and signals of the voxels inside the mask, block by block.

    An array or a memory map is indexed; what only can be sliced (a nibabel ``dataobj``) is read
    slice by slice of the last spatial axis.

    Parameters
    ----------
    data : array or ``dataobj``, shape (..., n)
    mask : array of bool, shape (...)

    Yields
    ------
    places : tuple of array of int, shape (m,)
    signals : array, shape (m, n)
    """
    if isinstance(data, np.ndarray):
        flat = mask.reshape(-1)
        size = _size(int(np.count_nonzero(flat)))
        for first in range(0, flat.size, PART):
            places = np.flatnonzero(flat[first : first + PART])
            places += first
            for start in range(0, places.size, size):
                where = np.unravel_index(places[start : start + size], mask.shape)
                yield where, np.asarray(data[where], float).reshape(-1, data.shape[-1])
        return
    for z in range(mask.shape[-1]):
        inside = np.nonzero(mask[..., z])
        if inside[0].size:
            slab = np.asarray(data[..., z, :])
            size = _size(inside[0].size)
            for start in range(0, inside[0].size, size):
                part = tuple(axis[start : start + size] for axis in inside)
                yield (*part, np.full(part[0].size, z)), np.asarray(slab[part], float)


def _size(total):
    """Voxels in a block, where so many are fitted in all."""
    count = SHARES * -(-total // (SHARES * BLOCK))
    return max(LEAST, -(-total // max(count, 1)))


def largest(data: Volume) -> float:
    """The largest finite sample of a volume.

    Parameters
    ----------
    data : array or ``dataobj``, shape (..., n)

    Returns
    -------
    float
        Minus infinity where there is none.
    """
    if isinstance(data, np.ndarray):
        step = max(1, PART * len(data) // max(1, data[..., 0].size))
        parts = (data[i : i + step] for i in range(0, len(data), step))
    else:
        parts = (np.asarray(data[..., z, :]) for z in range(data.shape[-2]))
    finite = (part[np.isfinite(part)] if part.dtype.kind == "f" else part for part in parts)
    return max((float(part.max()) for part in finite if part.size), default=-np.inf)


def run(work: Callable, parts: Iterator, threads: int, total: int, progress: bool) -> None:
    """`work` on every block, with a bounded number of blocks in memory and a progress bar.

    Parameters
    ----------
    work : callable
        Takes a block, gives the number of its voxels.
    parts : iterator
        The blocks.
    threads : int
    total : int
        Voxels in all.
    progress : bool
    """
    with bar(total, progress) as advance, ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        for block in parts:
            waiting.append(pool.submit(work, block))
            if len(waiting) > 2 * threads:
                advance(waiting.popleft().result())
        for future in waiting:
            advance(future.result())


@contextmanager
def bar(total: int, progress: bool) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error.

    Parameters
    ----------
    total : int
        Voxels in all.
    progress : bool
        False for none.

    Yields
    ------
    callable
        Takes the number of voxels that are done.
    """
    if not progress:
        yield lambda done: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="voxel", unit_scale=True, desc="fitting") as shown:
        yield shown.update
