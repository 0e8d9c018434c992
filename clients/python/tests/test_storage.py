from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aegis_client import FileStorage


def test_a_state_is_read_as_it_was_saved(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "state.json")
    assert storage.load() is None
    storage.save({"a": 1})
    storage.save({"a": 2, "b": "é"})
    assert FileStorage(str(tmp_path / "state.json")).load() == {"a": 2, "b": "é"}
    assert os.listdir(tmp_path) == ["state.json"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_others_cannot_read_it(tmp_path: Path) -> None:
    FileStorage(tmp_path / "state.json").save({})
    assert stat.S_IMODE(os.stat(tmp_path / "state.json").st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_not_a_state_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    assert FileStorage(tmp_path / "state.json").load() is None


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_crash_while_writing_leaves_the_former_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    storage = FileStorage(tmp_path / "state.json")
    storage.save({"a": 1})

    def fails(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fails)
        with pytest.raises(OSError, match="no space left"):
            storage.save({"a": 2})
    assert storage.load() == {"a": 1}
    assert os.listdir(tmp_path) == ["state.json"]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, _n=name, _r=real: (done.append(_n), _r(*a))[1])
    FileStorage(tmp_path / "state.json").save({"a": 1})
    assert done == ["fsync", "replace", "fsync"]
