"""Images: diffusion series, regions of interest, measuring, maps as files, and real scans to try it
on.
"""
