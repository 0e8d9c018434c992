"""Holds a seat of a license: ``SeatHolder``."""

from .holder import SeatHolder
from .lost import Lost

__all__ = ["Lost", "SeatHolder"]
