#!/usr/bin/env python3
"""Builds the add-on for each series of Odoo, from one source.

``python3 build.py [folder]`` writes ``<folder>/<series>/aegis_client`` and ``<folder>/aegis_client-<version>.zip``; the
folder is ``dist`` unless it is named. The same source gives the same bytes.
"""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERIES = ("17.0", "18.0", "19.0")
_LEFT_OUT = ("__pycache__",)
_TEXTS = (".py", ".xml", ".csv")
#: Lines after it are of these series alone, up to the next one; ``all`` ends it.
_MARK = re.compile(r"\s*(?:#|<!--) series: ([\d. ]+|all)(?: ?-->)?\s*")
#: Odoo 18 renamed the view.
_LISTS = ((re.compile(r"<(/?)list\b"), r"<\1tree"), (re.compile(r">list,form<"), ">tree,form<"))


def build(target: Path) -> dict[str, Path]:
    """
    :param target: folder for what is built; what was built there before is replaced
    :returns: the folder of the add-on of each series
    """
    built = {}
    for series in SERIES:
        addon = target / series / "aegis_client"
        shutil.rmtree(addon, ignore_errors=True)
        _copy(HERE / "aegis_client", addon, series)
        # The client itself, as it is: a copy here can't be replaced by a package of the same name from a registry.
        _copy(HERE.parent / "python" / "src" / "aegis_client", addon / "licensing" / "client", None)
        for name in ("LICENSE", "README.md"):
            shutil.copyfile(HERE / name, addon / name)
        built[series] = addon
        _zip(addon, target)
    return built


def of_series(text: str, series: str, *, is_view: bool) -> str:
    """What a file of the source is in one series."""
    lines, is_wanted = [], True
    for line in text.splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        if mark:
            is_wanted = mark[1] == "all" or series in mark[1].split()
        elif is_wanted:
            lines.append(line)
    built = "".join(lines).replace("@SERIES@", series)
    if is_view and series == "17.0":
        for pattern, replacement in _LISTS:
            built = pattern.sub(replacement, built)
    return built


def _copy(source: Path, target: Path, series: str | None) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_dir() or any(part in _LEFT_OUT for part in path.parts):
            continue
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        if series is not None and path.suffix in _TEXTS:
            to.write_text(of_series(path.read_text("utf-8"), series, is_view=path.suffix == ".xml"), "utf-8")
        else:
            shutil.copyfile(path, to)


def _zip(addon: Path, target: Path) -> None:
    version = re.search(r'"version": "([\d.]+)"', (addon / "__manifest__.py").read_text("utf-8"))
    if version is None:
        raise ValueError("the manifest has no version")
    with zipfile.ZipFile(target / f"aegis_client-{version[1]}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(addon.rglob("*")):
            if path.is_file() and not any(part in _LEFT_OUT for part in path.parts):
                entry = zipfile.ZipInfo(str(path.relative_to(addon.parent)), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    for built_series, folder in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "dist").items():
        print(built_series, folder)
