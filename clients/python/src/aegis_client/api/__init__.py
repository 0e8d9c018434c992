"""Calls the server: ``AegisApi``. Only the standard library is used."""

from .client import AegisApi, Answer
from .errors import AegisError, Problem, RedirectRefused, Unreachable

__all__ = ["AegisApi", "AegisError", "Answer", "Problem", "RedirectRefused", "Unreachable"]
