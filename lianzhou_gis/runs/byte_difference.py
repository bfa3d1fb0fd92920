"""Two files compared byte for byte; of JSON also which values differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

__all__ = ["FileDifference", "file_difference"]

_BLOCK = 1 << 16
_MOST_PLACES = 20
_LONGEST = 60


@dataclass(frozen=True)
class FileDifference:
    """How two files of one name differ.

    Attributes
    ----------
    before, after : int or None
        Bytes; ``None`` where there is no such file.
    first_byte : int or None
        Offset of the first byte that differs.
    places : tuple of (str, str, str)
        Of JSON: where a value differs, and both values; the first twenty.
    """

    name: str
    before: int | None
    after: int | None
    first_byte: int | None
    places: tuple[tuple[str, str, str], ...] = ()

    def record(self) -> dict[str, object]:
        """Return the difference as plain data."""
        places = [{"place": place, "before": before, "after": after} for place, before, after in self.places]
        return {
            "name": self.name, "before_bytes": self.before, "after_bytes": self.after, "first_byte": self.first_byte,
            "places": places,
        }  # fmt: skip

    def text(self, lang: str) -> str:
        """Return the difference in words, ``"zh"`` or ``"en"``."""
        zh = lang == "zh"
        none = "无" if zh else "none"
        sizes = [none if size is None else f"{size:,}" for size in (self.before, self.after)]
        words = f"{self.name}：{sizes[0]} → {sizes[1]} 字节" if zh else f"{self.name}: {sizes[0]} -> {sizes[1]} bytes"
        if self.first_byte is not None:
            words += f"，自第 {self.first_byte:,} 字节起不同" if zh else f", they differ from byte {self.first_byte:,}"
        return words


def file_difference(name: str, before: Path, after: Path) -> FileDifference:
    """Compare two files, of which one may be missing.

    Parameters
    ----------
    name : str
    before, after : pathlib.Path
    """
    present = [path.is_file() and not path.is_symlink() for path in (before, after)]
    sizes = [path.stat().st_size if there else None for path, there in zip((before, after), present, strict=True)]
    if not all(present):
        return FileDifference(name, sizes[0], sizes[1], None)
    places: tuple[tuple[str, str, str], ...] = ()
    if name.endswith(".json"):
        try:
            pair = [json.loads(path.read_bytes()) for path in (before, after)]
            places = tuple(islice(_places(pair[0], pair[1], ""), _MOST_PLACES))
        except (ValueError, RecursionError):
            pass
    return FileDifference(name, sizes[0], sizes[1], _first_byte(before, after), places)


def _first_byte(before: Path, after: Path) -> int | None:
    start = 0
    with before.open("rb") as one, after.open("rb") as other:
        while True:
            first, second = one.read(_BLOCK), other.read(_BLOCK)
            if first != second:
                short = min(len(first), len(second))
                return start + next((at for at in range(short) if first[at] != second[at]), short)
            if not first:
                return None
            start += len(first)


def _places(before: object, after: object, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield the values that differ, by their place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*before, *(key for key in after if key not in before)):
            yield from _places(before.get(key), after.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _places(one, other, f"{place}[{number}]")
    elif before != after:
        yield place, _short(before), _short(after)


def _short(value: object) -> str:
    text = f"[{len(value)}]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
