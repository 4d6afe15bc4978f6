"""Made data: the reconstructed cohort, phantoms, simulated studies; every piece from a seed."""
