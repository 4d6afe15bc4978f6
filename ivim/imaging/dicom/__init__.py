"""Scans in: DICOM series chosen by their content, converted, and identity left behind.

``files`` finds, ``headers`` and ``diffusion`` read, ``series`` and ``people`` sort, ``choice``
chooses, ``convert`` converts and compares, ``job`` writes the study. No text of a header is ever
passed on: what leaves this room are numbers, words of fixed lists and labels of its own making.
"""

from ivim.imaging.dicom.job import import_study, list_folder

__all__ = ["import_study", "list_folder"]
