"""What a planner says about a layer: in a small YAML file, by flags, or when asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.limits import existing
from lianzhou_gis.located_yaml import read_located_yaml

__all__ = ["UNKNOWN", "Told", "read_mapping", "refused", "told_of"]

# The answer by which a value's meaning is left open: its zones are then gaps, never clear.
UNKNOWN = "unknown"


class Told(BaseModel):
    """The answers about one layer; whatever is not told is found in the file, asked, or left open by name.

    Attributes
    ----------
    columns : dict of str to str
        Their column to ours.
    grades : dict of str to str
        Their value to our grade, or ``unknown``.
    fill : dict of str to str
        Our column to a value that holds for all zones whose cell is empty.
    coverage : str, optional
        File, WKT in EPSG:4490, ``administrative:<code>``, or ``union`` (control units only).
    uncounted : str, optional
        Why nobody can state the expected count, and who says so.
    constant_grade : bool
        All zones have the same grade, although the theme has several.
    not_grade : tuple of str
        Columns of coded values that were looked at and say nothing of the grade.
    no_coverage : bool
        Said by name: the layer declares no coverage, so that it can hit but never clear a site.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str | None = None
    series: str | None = None
    title: dict[Literal["zh", "en"], str] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    grades: dict[str, str] = Field(default_factory=dict)
    fill: dict[str, str] = Field(default_factory=dict)
    coverage: str | None = None
    no_coverage: bool = False
    data_date: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    publisher: str | None = None
    document: str | None = None
    licence: str | None = None
    disclosure: Literal["public", "internal", "restricted"] = "restricted"
    survey_crs: str | None = None
    expected_count: int | None = Field(default=None, ge=1)
    count_by: str | None = None
    uncounted: str | None = Field(default=None, min_length=4)
    constant_grade: bool = False
    not_grade: tuple[str, ...] = ()
    official_area_m2: float | None = Field(default=None, gt=0)
    accuracy_m: float | None = Field(default=None, ge=0)
    synthetic: bool = False

    def more(self, **answers: Any) -> Told:  # noqa: ANN401 - the fields
        """Return these answers and some more; mappings are joined, the new ones win."""
        joined = {
            name: {**getattr(self, name), **value}
            if isinstance(value, Mapping) and name != "title"
            else (*getattr(self, name), *value)
            if name == "not_grade"
            else value
            for name, value in answers.items()
            if value not in (None, {}, ())
        }
        return told_of({**self.model_dump(exclude_unset=True), **joined}, "")


def told_of(data: Any, where: str) -> Told:  # noqa: ANN401 - a mapping, or what a file holds instead
    """Return answers as they are understood.

    Raises
    ------
    FormatError
        If a key is unknown or a value does not fit; names the first.

    Examples
    --------
    >>> told_of({"grades": {"甲": "primary"}, "accuracy_m": 5}, "m.yaml").accuracy_m
    5.0
    >>> told_of({"grade": "primary"}, "m.yaml")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.FormatError: m.yaml: grade: there is no such key
    """
    try:
        return Told.model_validate(data or {})
    except ValidationError as error:
        raise refused(error, where) from error


def refused(error: ValidationError, where: str) -> FormatError:
    """Return the first thing that is wrong with some answers as one line."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(step) for step in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    words = {"extra_forbidden": ("没有这个键", "there is no such key")}
    zh, en = words.get(first["type"], (what, what))
    place = ": ".join(part for part in (where, key) if part)
    return FormatError(f"{place}：{zh}" if place else zh, f"{place}: {en}" if place else en)


def read_mapping(path: Path) -> Told:
    """Read a mapping file.

    Raises
    ------
    MissingFileError, FormatError
        If there is none, or it is not as it should be.
    """
    existing(path)
    data = read_located_yaml(path)
    # YAML reads a bare 1 as a number; what a table says is text.
    if isinstance(data, dict):
        data = {
            key: {str(inner): str(value) for inner, value in item.items()}
            if key in ("columns", "grades", "fill") and isinstance(item, dict)
            else item
            for key, item in data.items()
        }
    return told_of(data, path.name)
