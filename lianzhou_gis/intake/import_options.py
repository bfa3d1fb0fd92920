"""The options of an import: from a small YAML file, from flags, or from answers to questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.limits import require_existing
from lianzhou_gis.located_yaml import read_located_yaml
from lianzhou_gis.validation import first_invalid

__all__ = ["UNKNOWN", "ImportOptions", "options_error", "parse_options", "read_mapping"]

# Grade of a value whose meaning is left open: its zones are gaps and never clear a site.
UNKNOWN = "unknown"


class ImportOptions(BaseModel):
    """The options of the import of one layer; what they leave out is found in the file or becomes a question.

    Attributes
    ----------
    columns : dict of str to str
        Their column to ours.
    grades : dict of str to str
        Their value to our grade, or ``unknown``.
    fill : dict of str to str
        Our column to the value of all zones whose cell is empty.
    coverage : str, optional
        File, WKT in EPSG:4490, ``administrative:<code>``, or ``union`` (control units only).
    uncounted : str, optional
        Why nobody can state the expected count, and who says so.
    constant_grade : bool
        All zones have the same grade, although the theme has several.
    not_grade : tuple of str
        Columns of coded values that are unrelated to the grade.
    no_coverage : bool
        The layer declares no coverage, so it can hit but never clear a site.
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
    secrecy: Literal["none", "secret", "confidential"] | None = None
    survey_crs: str | None = None
    expected_count: int | None = Field(default=None, ge=1)
    count_by: str | None = None
    uncounted: str | None = Field(default=None, min_length=4)
    constant_grade: bool = False
    not_grade: tuple[str, ...] = ()
    official_area_m2: float | None = Field(default=None, gt=0)
    accuracy_m: float | None = Field(default=None, ge=0)
    synthetic: bool = False

    def updated(self, **answers: Any) -> ImportOptions:  # noqa: ANN401 - fields of the options
        """Return the options with some more; mappings are joined, the new values win."""
        joined = {
            name: {**getattr(self, name), **value}
            if isinstance(value, Mapping) and name != "title"
            else (*getattr(self, name), *value)
            if name == "not_grade"
            else value
            for name, value in answers.items()
            if value not in (None, {}, ())
        }
        return parse_options({**self.model_dump(exclude_unset=True), **joined}, "")


def parse_options(data: object, where: str) -> ImportOptions:
    """Validate options.

    Raises
    ------
    FormatError
        If a key is unknown or a value is not allowed; names the first.

    Examples
    --------
    >>> parse_options({"grades": {"甲": "primary"}, "accuracy_m": 5}, "m.yaml").accuracy_m
    5.0
    >>> parse_options({"grade": "primary"}, "m.yaml")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.FormatError: m.yaml: grade: there is no such key; correct it
    """
    try:
        return ImportOptions.model_validate(data or {})
    except ValidationError as error:
        raise options_error(error, where) from error


def options_error(error: ValidationError, where: str) -> FormatError:
    """Build an error that names the first option that is invalid."""
    first = first_invalid(error)
    place = ": ".join(part for part in (where, first.key if first.steps else "") if part)
    if not place:
        return FormatError.from_message(first.message)
    return FormatError.from_code("options_invalid", where=place, problem=first.message)


def read_mapping(path: Path) -> ImportOptions:
    """Read a mapping file.

    Raises
    ------
    MissingFileError, FormatError
        If there is none, or it is invalid.
    """
    require_existing(path)
    data = read_located_yaml(path)
    # YAML reads a bare 1 as a number; the values of a table are texts.
    if isinstance(data, dict):
        data = {
            key: {str(inner): str(value) for inner, value in item.items()}
            if key in ("columns", "grades", "fill") and isinstance(item, dict)
            else item
            for key, item in data.items()
        }
    return parse_options(data, path.name)
