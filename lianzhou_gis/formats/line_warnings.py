"""Oddities of a text file, gathered by kind: one Issue for each, naming its first lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lianzhou_gis.errors import Issue

__all__ = ["LineWarnings"]

_SHOWN = 5


class LineWarnings:
    """Lines of a file at which the same thing was noticed.

    Parameters
    ----------
    name : str
        File.
    wordings : mapping of code to (severity, zh, en)
        What each code means; ``{n}`` is the number of lines.

    Examples
    --------
    >>> wordings = {"full_width": ("info", "{n} 行有全角标点", "{n} lines with full-width punctuation")}
    >>> notes = LineWarnings("a.txt", wordings)
    >>> notes.add("full_width", 3); notes.add("full_width", 7)
    >>> [(issue.where, issue.en) for issue in notes.issues()]
    [('a.txt:3', '2 lines with full-width punctuation (lines 3, 7)')]
    """

    def __init__(self, name: str, wordings: Mapping[str, tuple[Literal["info", "warning", "error"], str, str]]) -> None:
        self._name = name
        self._wordings = wordings
        self._lines: dict[str, list[int]] = {}

    def add(self, code: str, line: int) -> None:
        """Note ``code`` at a line; a line counts once."""
        lines = self._lines.setdefault(code, [])
        if not lines or lines[-1] != line:
            lines.append(line)

    def issues(self) -> list[Issue]:
        """Return one Issue per kind, in the order in which they were first noticed."""
        result = []
        for code, lines in self._lines.items():
            severity, zh, en = self._wordings[code]
            shown = ", ".join(map(str, lines[:_SHOWN])) + (" ..." if len(lines) > _SHOWN else "")
            result.append(
                Issue(
                    severity,
                    code,
                    f"{self._name}:{lines[0]}",
                    f"{zh.format(n=len(lines))}（第 {shown} 行）",
                    f"{en.format(n=len(lines))} (lines {shown})",
                )
            )
        return result
