"""Scans in: DICOM series chosen by their content, converted, and identity left behind.

``files`` finds, ``headers``, ``diffusion`` and ``kinds`` read, ``series`` and ``people`` sort,
``choice`` chooses; ``scan`` has ``dcm2niix`` convert and ``match`` compare; ``job`` writes the
study, ``listing`` shows what there is. No text of a header is ever passed on: what leaves this room
are numbers, words of fixed lists and labels of its own making.
"""

from ivim.imaging.dicom.job import import_study
from ivim.imaging.dicom.listing import list_folder

__all__ = ["import_study", "list_folder"]
