"""Decides from what was proven: the list, the seat, and from both with the claims the verdict."""
