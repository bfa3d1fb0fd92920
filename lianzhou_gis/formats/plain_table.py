"""Tables without coordinates: lists of plots or of requirements, from CSV or a workbook, as columns of texts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.column_aliases import plain_name
from lianzhou_gis.formats.coordinate_table import parse_csv_cells
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.kinds import Kind, detect_kind
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.raw_features import unique_names
from lianzhou_gis.formats.table_header import find_header
from lianzhou_gis.formats.workbook import read_sheets, stored_values

__all__ = ["PlainTable", "is_plain_table", "read_plain_table"]

_HEAD_ROWS = 20


@dataclass(frozen=True)
class PlainTable:
    """A table of texts.

    Attributes
    ----------
    frame : DataFrame of str or None
        The index holds the lines of the file.
    encoding : str, optional
    sha256 : str
        Of the file.
    """

    name: str
    frame: pd.DataFrame
    encoding: str | None
    sha256: str
    issues: list[Issue] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        """Yield the line of the file and the cells of every row."""
        names = [str(name) for name in self.frame.columns]
        for line, cells in zip(self.frame.index, self.frame.to_numpy(dtype=object), strict=True):
            yield (
                int(line),
                {name: cell if isinstance(cell, str) else None for name, cell in zip(names, cells, strict=True)},
            )


def _sheets(path: Path, issues: list[Issue]) -> tuple[dict[str, pd.DataFrame], str | None, str]:
    """Return the cells of every table of a file, its encoding and its hash."""
    if detect_kind(path) is Kind.WORKBOOK:
        sheets, sha256 = read_sheets(path, path.name, issues)
        return sheets, None, sha256
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, encoding, found = decode_text(content, path.name)
    issues.extend(found)
    return {path.name: parse_csv_cells(text, path.name, issues)}, encoding, hashlib.sha256(content).hexdigest()


def is_plain_table(path: Path) -> bool:
    """Return whether a file is a CSV or a workbook in which nothing is a coordinate.

    Raises
    ------
    MissingFileError, FormatError
        If it is damaged.
    """
    if path.is_dir() or (
        path.suffix.lower() not in (".csv", ".tsv", ".txt") and detect_kind(path) is not Kind.WORKBOOK
    ):
        return False
    if path.suffix.lower() == ".txt" and detect_kind(path) is not Kind.TABLE:
        return False
    sheets, _, _ = _sheets(path, [])
    return all(
        find_header(cells.iloc[:24].to_numpy(dtype=object).tolist(), path.name) is None for cells in sheets.values()
    )


def _head(cells: pd.DataFrame, known: Collection[str]) -> int | None:
    """Return the row that names most of the columns wanted; ``None`` where none names any."""
    names = {plain_name(name) for name in known}
    rows = cells.iloc[:_HEAD_ROWS].to_numpy(dtype=object)
    hits = [sum(isinstance(cell, str) and plain_name(cell) in names for cell in row) for row in rows]
    return hits.index(max(hits)) if hits and max(hits) > 0 else None


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def read_plain_table(path: Path, *, known: Collection[str], sheet: str | None = None) -> PlainTable:
    """Read a table; title rows above its head are skipped.

    Parameters
    ----------
    path : pathlib.Path
        CSV or XLSX.
    known : collection of str
        Names that columns may have, as people write them; the row with most of them is the head.
    sheet : str, optional
        Of a workbook with several that would do.

    Raises
    ------
    MissingFileError, FormatError
        If it is damaged, or no row names any of the columns wanted.
    """
    issues: list[Issue] = []
    sheets, encoding, sha256 = _sheets(path, issues)
    heads = {title: place for title, cells in sheets.items() if (place := _head(cells, known)) is not None}
    if not heads:
        shown = "、".join(sorted(known, key=len)[:6])
        raise FormatError.from_code("table_header_missing", file=path.name, columns=shown)
    chosen = choose_layer(path.name, list(heads), sheet, also=[title for title in sheets if title not in heads])
    name = path.name if len(sheets) == 1 else f"{path.name}/{chosen}"
    cells = stored_values(sheets[chosen], name, issues) if encoding is None else sheets[chosen]
    head, body = cells.iloc[heads[chosen]], cells.iloc[heads[chosen] + 1 :]
    body = body[body.notna().any(axis=1)]
    refuse_count(name, len(body), MAX_FEATURES, "rows")
    selected = [column for column in cells.columns if head[column] is not None or body[column].notna().any()]
    titles = [_text(head[column]) or f"column_{number}" for number, column in enumerate(selected, start=1)]
    names, renamed = unique_names(titles, ["geometry", "source_row"], name)
    columns = {title: [_text(value) for value in body[column]] for title, column in zip(names, selected, strict=True)}
    frame = pd.DataFrame(columns, index=body.index, dtype=object)
    return PlainTable(name, frame, encoding, sha256, [*issues, *renamed])
