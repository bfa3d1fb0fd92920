"""The limits of a publication, from ``policy.yaml``: protection, cells, types of columns, grounds for no approval."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource

__all__ = ["ColumnType", "DocumentForms", "DocumentNumber", "Policy", "document_number", "policy"]


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
class DocumentForms:
    """The forms that numbers of documents have, as patterns with the groups ``place``, ``year`` and ``number``."""

    provinces: str
    numbered: re.Pattern[str]
    announced: re.Pattern[str]


@dataclass(frozen=True)
class DocumentNumber:
    """A number of a document taken apart: the letters of its place, and its year."""

    place: str
    year: int


@dataclass(frozen=True)
class Policy:
    """The limits of every publication.

    Attributes
    ----------
    least_protect_m : float
        No profile can ask for less protection of borders.
    protect_ladder_m, accuracy_ladder_m : tuple of float
        The distances that a profile can choose from.
    least_exact_width_m : float
        What is narrower in an exact border is cut off.
    documents : DocumentForms
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
    protect_ladder_m: tuple[float, ...]
    accuracy_ladder_m: tuple[float, ...]
    least_exact_width_m: float
    documents: DocumentForms
    fewest: int
    types: dict[str, ColumnType]
    columns: dict[str, dict[str, str]]
    never: frozenset[str]
    approval_grounds: dict[str, dict[str, Any]]

    def cell_m(self, protect_m: float) -> float:
        """Return the least cell size that protects borders by a distance, metres."""
        return protect_m * self.cells_per_protect

    def requested_cell_m(self, protect_m: float, accuracy_m: float | None) -> float:
        """Return the least cell size for a protection and the accuracy that a profile asks for, metres."""
        return max(self.cell_m(protect_m), (accuracy_m or 0.0) / self.accuracy_per_cell)

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

    def exact_width_m(self, accuracy_m: float) -> float:
        """Return the width below which a piece of an exact border is a hair or a slit, metres."""
        return max(accuracy_m, self.least_exact_width_m)

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
        protect_ladder_m=tuple(map(float, data["protect_ladder_m"])),
        accuracy_ladder_m=tuple(map(float, data["accuracy_ladder_m"])),
        least_exact_width_m=float(data["least_exact_width_m"]),
        documents=_document_forms(data["document_numbers"]),
        fewest=int(data["fewest"]),
        types=types,
        columns=data["columns"],
        never=frozenset(data["never"]),
        approval_grounds=data["approval_grounds"],
    )


def _document_forms(data: dict[str, Any]) -> DocumentForms:
    central, offices, kinds, announcers = (
        "|".join(sorted(map(re.escape, data[name]), key=len, reverse=True))
        for name in ("central", "offices", "kinds", "announcers")
    )
    year, number = r"(?P<year>(?:19|20)\d{2})", r"[1-9]\d{0,3}"
    numbered = (
        rf"(?:(?P<place>[\u4e00-\u9fff]{{1,2}})(?:{offices})|(?:{central}))(?:{kinds}){{0,3}}〔{year}〕{number}号"
    )
    announced = (
        rf"(?P<place>[\u4e00-\u9fff]{{0,12}})(?:{announcers})(?:公告|通告)(?:（|\()?{year}年第{number}号(?:）|\))?"
    )
    return DocumentForms(data["provinces"], re.compile(numbered), re.compile(announced))


def document_number(text: str, names: str = "") -> DocumentNumber | None:
    """Return the number of a document taken apart, or ``None`` where a text has not the form of one.

    Parameters
    ----------
    text : str
    names : str
        Names of the publisher and of offices: letters of them may stand for the place.

    Examples
    --------
    >>> document_number("粤府函〔2019〕99号")
    DocumentNumber(place='粤', year=2019)
    >>> document_number("清环函〔2021〕7号", "清远市生态环境局"), document_number("清环函〔2021〕7号")
    (DocumentNumber(place='清', year=2021), None)
    >>> [document_number(text) for text in ("随便写写(2024)1号", "粤府函〔20XX〕X号", "见附件", "粤府函〔2019〕099号")]
    [None, None, None, None]
    >>> document_number("广东省人民政府公告2019年第8号").year
    2019
    """
    forms = policy().documents
    match = forms.numbered.fullmatch(text)
    if match:
        place = match["place"] or ""
        return DocumentNumber(place, int(match["year"])) if set(place) <= {*forms.provinces, *names} else None
    match = forms.announced.fullmatch(text)
    return DocumentNumber(match["place"], int(match["year"])) if match else None
