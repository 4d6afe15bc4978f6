"""Correct studies of many designs, and slips planted in them; see the README of this folder."""
