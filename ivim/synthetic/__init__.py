"""Made data: phantoms, the two cases of Figures 1 and 2, whole simulated studies; every piece from
a seed."""
