"""The reconstructed cohort of the article: what it has to print, the seeded search for it, and its
verification."""
