"""Notices a clock that was set back, so that a license does not end."""
