"""The limits of a publication, from ``policy.yaml``: protection, cells, types of columns, grounds for no approval."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource

__all__ = ["ColumnType", "Policy", "document_like", "policy"]

# A number of a document: an issuer, a year in brackets, a number; or the number of a standard or a project.
_DOCUMENT = re.compile(
    r"[\u4e00-\u9fffA-Za-z·、\-]{2,30}[〔\[（(【]\s*(19|20)\d{2}\s*[〕\]）)】]\s*第?\s*\d{1,6}\s*号?"
)
_PLACEHOLDER = re.compile(r"[xX×*＊]{2,}|[?？]|暂无|待定|待补|不详|示例号|未知")


@dataclass(frozen=True)
class ColumnType:
    """What the values of a public column may be.

    Attributes
    ----------
    pattern : re.Pattern or None
        That texts must match whole.
    least, most : float or None
        Bounds of numbers.
    most_values : int or None
        Most distinct values of a class.
    """

    id: str
    label: str
    pattern: re.Pattern[str] | None
    least: float | None
    most: float | None
    most_values: int | None


@dataclass(frozen=True)
class Policy:
    """The limits of every publication.

    Attributes
    ----------
    least_protect_m : float
        No profile can ask for less protection of borders.
    fewest : int
        Smaller groups are merged or not told.
    types : dict of str to ColumnType
    columns : dict of str to dict
        Known columns: ``type`` and labels ``zh``, ``en``.
    never : frozenset of str
        Columns that describe the file.
    approval_grounds : dict of str to dict
    """

    least_protect_m: float
    cells_per_protect: float
    accuracy_per_cell: float
    least_area_accuracies: float
    least_exact_area_m2: float
    fewest: int
    types: dict[str, ColumnType]
    columns: dict[str, dict[str, str]]
    never: frozenset[str]
    approval_grounds: dict[str, dict[str, Any]]

    def cell_m(self, protect_m: float) -> float:
        """Return the least cell size that protects borders by a distance, metres."""
        return protect_m * self.cells_per_protect

    def accuracy_m(self, cell_m: float) -> float:
        """Return what the public is told of borders drawn in cells of a size, metres.

        Examples
        --------
        >>> policy().accuracy_m(500)
        380.0
        """
        return math.ceil(cell_m * self.accuracy_per_cell / 10) * 10.0

    def least_exact_m2(self, accuracy_m: float) -> float:
        """Return the area below which a part of an exact border is a place, square metres."""
        return max((self.least_area_accuracies * accuracy_m) ** 2, self.least_exact_area_m2)

    def least_area_m2(self, cell_m: float) -> float:
        """Return the area below which a zone is a place that could be found, square metres."""
        return (self.least_area_accuracies * self.accuracy_m(cell_m)) ** 2


@cache
def policy() -> Policy:
    """Return the limits that come with the package."""
    data = read_resource(Path(__file__).with_name("policy.yaml"))
    types = {
        name: ColumnType(
            name,
            item["zh"],
            re.compile(item["pattern"]) if "pattern" in item else None,
            item.get("least"),
            item.get("most"),
            item.get("most_values"),
        )
        for name, item in data["types"].items()
    }
    return Policy(
        least_protect_m=float(data["least_protect_m"]),
        cells_per_protect=float(data["cells_per_protect"]),
        accuracy_per_cell=float(data["accuracy_per_cell"]),
        least_area_accuracies=float(data["least_area_accuracies"]),
        least_exact_area_m2=float(data["least_exact_area_m2"]),
        fewest=int(data["fewest"]),
        types=types,
        columns=data["columns"],
        never=frozenset(data["never"]),
        approval_grounds=data["approval_grounds"],
    )


def document_like(text: str) -> bool:
    """Tell whether a text looks like the number of a document, and is no placeholder.

    Examples
    --------
    >>> [document_like(text) for text in ("粤府函〔2020〕1号", "暂无", "粤府函〔20XX〕X号", "见附件")]
    [True, False, False, False]
    """
    return bool(_DOCUMENT.search(text)) and not _PLACEHOLDER.search(text)
