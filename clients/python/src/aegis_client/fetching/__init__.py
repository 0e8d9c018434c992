"""Keeps status lists and the signed key set up to date, where there is a network."""

from .key_set_keeper import KeySetKeeper
from .status_list_keeper import Refreshed, StatusListKeeper

__all__ = ["KeySetKeeper", "Refreshed", "StatusListKeeper"]
