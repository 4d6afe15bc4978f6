"""Verdicts on printed numbers: rounding intervals, general checks, and the engine that judges."""
