"""Columns that the public may see: an allow-list by type, values as the public reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import DisclosureError, did_you_mean
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.text_folding import fold, is_hash
from lianzhou_gis.vocabulary import label, theme, themes
from lianzhou_gis.vocabulary.hidden_places import is_hidden_column

__all__ = ["PARTS", "column_label", "column_type", "is_public_value", "public_values", "require_public"]

Cell = str | int | None

PARTS = {"water": "水域", "land": "陆域"}
_SOURCE_TYPES = {"river": "河流", "reservoir": "水库", "groundwater": "地下水", "lake": "湖泊"}


def column_type(column: str, given: Mapping[str, str]) -> str | None:
    """Return the type of a column: that of a known one, else the one that the profile gives; ``None`` where none is."""
    known = policy().columns.get(column)
    return known["type"] if known else given.get(column)


def column_label(column: str) -> str:
    """Return what a column is called in public; a layer's own columns keep their names."""
    known = policy().columns.get(column)
    return known["zh"] if known else column


def require_public(zones: pd.DataFrame, entry: LayerEntry, column: str, given: Mapping[str, str]) -> None:
    """Refuse a column that is not there, not declared public, of no type, or that tells a place.

    Raises
    ------
    DisclosureError
    """
    where: dict[str, str] = {"layer": entry.id, "column": column}
    if column not in zones.columns:
        raise DisclosureError.from_code("column_missing", **where, hint=did_you_mean(column, zones.columns))
    if column in policy().never or is_hidden_column(fold(column)):
        raise DisclosureError.from_code("column_tells_place", **where)
    if entry.disclosure_columns.get(column) != "public":
        raise DisclosureError.from_code("column_not_public", **where)
    if column_type(column, given) not in policy().types:
        types = "、".join(policy().types)
        raise DisclosureError.from_code("column_untyped", **where, types=types)


def public_values(
    values: pd.Series, column: str, type_id: str, entry_theme: str, layer_id: str, accuracy_m: float
) -> list[Cell]:
    """Return a column as the public reads it: labels, years, whole numbers and texts of the column's type.

    Parameters
    ----------
    values : Series
    type_id : str
        ``code, name, class, year, count`` or ``area`` (square metres, rounded to the square of the accuracy).
    accuracy_m : float

    Raises
    ------
    DisclosureError
        If a value is not of the type; names the column and the kind of the value, never the value.

    Examples
    --------
    >>> import pandas as pd
    >>> public_values(pd.Series(["2020-05-01", None]), "valid_from", "year", "administrative", "a", 100)
    [2020, None]
    >>> public_values(pd.Series([123456.7]), "official_area_m2", "area", "administrative", "a", 100)
    [120000]
    """
    if column == "grade":
        labels = {grade.id: grade.label["zh"] for grade in theme(entry_theme).grades}
        return [labels.get(value) for value in values]
    if column == "verdict":
        return [label("verdict", value)["zh"] for value in values]
    words = PARTS if column == "part" else _SOURCE_TYPES if column == "source_type" else {}
    cells: list[Cell] = []
    for value in values:
        cell = None if value is None or pd.isna(value) else _typed(value, type_id, accuracy_m)
        if cell is _WRONG:
            raise DisclosureError.from_code(
                "value_of_other_type", layer=layer_id, column=column, type=policy().types[type_id].label
            )
        cells.append(words.get(cell, cell) if isinstance(cell, str) else cell)  # type: ignore[arg-type]
    most = policy().types[type_id].most_values
    if most is not None and len({cell for cell in cells if cell is not None}) > most:
        raise DisclosureError.from_code("class_of_many_values", layer=layer_id, column=column, most=most)
    return cells


def is_public_value(value: object, column: str, type_id: str, entry_theme: str, accuracy_m: float) -> bool:
    """Tell whether a published cell is what :func:`public_values` can return.

    Examples
    --------
    >>> [is_public_value(value, "year", "year", "sites", 100) for value in (2020, 2020.5, "2020", True)]
    [True, False, False, False]
    """
    if column == "grade" and entry_theme in themes():
        labels = {grade.label["zh"] for grade in theme(entry_theme).grades}
        return isinstance(value, str) and set(value.split("、")) <= labels
    if type_id in ("year", "count", "area"):
        return type(value) is int and _typed(value, type_id, accuracy_m) == value
    if not isinstance(value, str):
        return False
    # Texts of merged zones are joined.
    return all(_typed(text, type_id, accuracy_m) == text for text in value.split("、"))


_WRONG = object()


def _typed(value: object, type_id: str, accuracy_m: float) -> object:
    """Return a value of a type, or ``_WRONG``."""
    kind = policy().types[type_id]
    if type_id == "year":
        text = str(value)[:4]
        number: float = int(text) if text.isdigit() else np.nan
    elif type_id in ("count", "area"):
        number = _number(value)
        if type_id == "area" and np.isfinite(number):
            step = accuracy_m**2
            return round(round(number / step) * step) if number >= step / 2 else 0
    else:
        text = " ".join(str(value).split())
        if kind.pattern is None or not kind.pattern.fullmatch(text) or is_hash(text) or _is_shape_hash(text):
            return _WRONG
        return text
    if not np.isfinite(number) or number != int(number):
        return _WRONG
    if (kind.least is not None and number < kind.least) or (kind.most is not None and number > kind.most):
        return _WRONG
    return int(number)


def _number(value: Any) -> float:  # noqa: ANN401 - a cell
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _is_shape_hash(text: str) -> bool:
    """Tell whether a text is an id that was computed from a shape: it would confirm a guess of the coordinates."""
    plain = text.partition("-")[0]
    return len(plain) == 12 and all(letter in "0123456789abcdef" for letter in plain) and not plain.isdigit()
