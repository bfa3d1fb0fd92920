"""Oddities of a text file, gathered by kind: one Issue for each, naming its first lines."""

from __future__ import annotations

from collections.abc import Mapping

from lianzhou_gis.errors import Issue, Message, Severity

__all__ = ["LineWarnings"]

_SHOWN = 5


class LineWarnings:
    """Lines of a file at which the same thing was noticed.

    Parameters
    ----------
    name : str
        File.
    severities : mapping of str to severity
        By code of the message, a variant of ``line_warning``.

    Examples
    --------
    >>> warnings = LineWarnings("a.txt", {"full_width": "info"})
    >>> warnings.add("full_width", 3); warnings.add("full_width", 7)
    >>> [(issue.code, issue.where, issue.en) for issue in warnings.issues()]
    [('full_width', 'a.txt:3', '2 lines have full-width characters, read as ASCII (lines 3, 7)')]
    """

    def __init__(self, name: str, severities: Mapping[str, Severity]) -> None:
        self._name = name
        self._severities = severities
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
            shown = ", ".join(map(str, lines[:_SHOWN])) + (" ..." if len(lines) > _SHOWN else "")
            message = Message.from_code(f"line_warning.{code}", count=len(lines), lines=shown)
            result.append(Issue(self._severities[code], code, f"{self._name}:{lines[0]}", message.zh, message.en))
        return result
