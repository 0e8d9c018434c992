from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Optional, Union


class MemoryStorage:
    """State for as long as the process runs: for tests, and for programs that keep it elsewhere."""

    def __init__(self, state: Optional[Mapping[str, Any]] = None) -> None:
        self.state: Optional[dict[str, Any]] = None if state is None else dict(state)

    def load(self) -> Optional[Mapping[str, Any]]:
        """What was saved last; None where there is nothing."""
        return None if self.state is None else dict(self.state)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keeps a state in place of the former one."""
        self.state = dict(state)


class FileStorage:
    """State in a file, as JSON. A crash at any moment leaves the former state or the new one, never a part of it.

    Only the user that runs the program can read the file: a seat's state contains the license token.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """:param path: of the file, whose folder exists. One file for each purpose"""
        self._path = os.fspath(path)

    def load(self) -> Optional[Mapping[str, Any]]:
        """What was saved last; None where there is no file, or it does not contain a state.

        :raises OSError: when the file is there and can't be read
        """
        try:
            with open(self._path, encoding="utf-8") as file:
                state = json.load(file)
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            return None
        return state if isinstance(state, dict) else None

    def save(self, state: Mapping[str, Any]) -> None:
        """Writes the state to a new file next to it, brings that to the disk and renames it.

        :raises OSError: when it can't be written; the former state stays
        """
        content = json.dumps(dict(state)).encode()
        folder = os.path.dirname(os.path.abspath(self._path))
        temporary = os.path.join(folder, f".{os.path.basename(self._path)}.{os.urandom(8).hex()}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Brings the new name to the disk, where folders can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
