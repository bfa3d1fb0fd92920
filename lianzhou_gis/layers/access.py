"""The access list beside a layer of control units: read, and every unit without one named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import FormatError, Issue, Message
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_TEXT_BYTES, read_bounded
from lianzhou_gis.layers.layer import LayerGap
from lianzhou_gis.rulebook import AccessItem, FactVocabulary, parse_access_items
from lianzhou_gis.rulebook.access import EVERY_UNIT
from lianzhou_gis.vocabulary import GapReason

__all__ = ["read_access_list", "units_unknown", "units_without_items"]


def read_access_list(
    path: Path, entry: LayerEntry, vocabulary: FactVocabulary, day: date
) -> tuple[tuple[AccessItem, ...], list[LayerGap], list[Issue]]:
    """Read the access list of a layer of control units.

    Returns
    -------
    items : tuple of AccessItem
        Those in force on the day.
    gaps : list of LayerGap
        ``layer_incomplete`` where a row could not be read.
    issues : list of Issue

    Raises
    ------
    MissingFileError, FormatError
        If the file cannot be read.
    """
    text, _, issues = decode_text(read_bounded(path, MAX_TEXT_BYTES), path.name)
    rows = csv.DictReader(io.StringIO(text))
    try:
        items, found = parse_access_items(rows, vocabulary, path.name)
    except csv.Error as error:
        raise FormatError.from_code("access_list_not_csv", file=path.name, problem=error) from error
    gaps = []
    if found:
        gaps.append(
            LayerGap(
                GapReason.LAYER_INCOMPLETE,
                entry.theme,
                entry.id,
                Message.from_code("access_list_rows_unreadable", file=path.name, count=len(found)),
            )
        )
    return tuple(item for item in items if item.in_force(day)), gaps, [*issues, *found]


def units_without_items(unit_ids: Iterable[str], items: Iterable[AccessItem]) -> list[str]:
    """Return the control units that no item of the list is about; items for every unit do not count.

    Examples
    --------
    >>> units_without_items(["U1"], [])
    ['U1']
    """
    listed = {item.unit_id for item in items}
    return sorted(unit for unit in set(unit_ids) if unit not in listed)


def units_unknown(unit_ids: Iterable[str], items: Iterable[AccessItem]) -> list[str]:
    """Return the units that items are about and the layer does not have: a slip in a code would silence an item.

    Examples
    --------
    >>> units_unknown(["U1"], [])
    []
    """
    return sorted({item.unit_id for item in items} - set(unit_ids) - {EVERY_UNIT})
