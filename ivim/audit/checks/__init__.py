"""Pure interval arithmetic on printed numbers: no claim, no file."""
