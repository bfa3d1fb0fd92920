"""Tables of coordinates (CSV, and the sheets of workbooks): points, the corners of plots, or any geometry as WKT."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.coordinate_list import is_coordinate_list, list_with_head
from lianzhou_gis.formats.corner_table import corner_columns, plots_from_corners
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.normalise import ring_closed_issue
from lianzhou_gis.formats.raw_features import RawFeatures, unique_names, unreadable_issue
from lianzhou_gis.formats.table_coordinates import build_points, pair_columns, parse_coordinates
from lianzhou_gis.formats.table_header import PAIRS, Header, detect_separator, find_header
from lianzhou_gis.formats.table_reference import written_reference, written_reference_issue
from lianzhou_gis.formats.table_remarks import RemarkRows, find_remark_rows
from lianzhou_gis.formats.well_known import common_srid, geometries_from_wkt, split_srid

__all__ = ["features_from_cells", "parse_csv_cells", "read_coordinate_table"]

_WIDEST = 4096


def read_coordinate_table(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a CSV with columns of longitude and latitude, of plane coordinates, or of WKT.

    Parameters
    ----------
    path : Path
        Separated by comma, tab, semicolon or full-width comma; title rows above the head are skipped.
    name : str
        For messages.
    layer : str, optional
        A CSV has none.
    encoding : str, optional

    Returns
    -------
    RawFeatures
        Without reference system, unless WKT carries ``SRID=``. Rows that are corners of plots become areas.

    Raises
    ------
    FormatError
        If there are no such columns, or a row has more fields than its head.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, used, issues = decode_text(content, name, encoding=encoding)
    if is_coordinate_list(text):
        cells = _cells_of_words(text)
    else:
        cells = parse_csv_cells(text, name, issues)
    raw = features_from_cells(cells, name, issues)
    raw.encoding, raw.sha256 = used, hashlib.sha256(content).hexdigest()
    return raw


def _cells_of_words(text: str) -> pd.DataFrame:
    """Return the words of a list of coordinates, the rest after the first three as one cell."""
    rows = [re.split(r"[\s,，;；]+", line.strip(), maxsplit=3) if line.strip() else [] for line in text.splitlines()]
    width = max(map(len, rows), default=0)
    cells = [[word or None for word in row] + [None] * (width - len(row)) for row in rows]
    return pd.DataFrame(cells, index=range(1, len(rows) + 1), columns=range(width), dtype=object)


def parse_csv_cells(text: str, name: str, issues: list[Issue]) -> pd.DataFrame:
    """Return the fields of a CSV, its head included."""
    text = text.lstrip("\ufeff")
    lines = [line for line in text[: 2**16].splitlines() if line.strip()][:20]
    skip = 0
    if lines and re.fullmatch(r"sep=.", lines[0].strip(), re.IGNORECASE):
        separator, skip = lines[0].strip()[-1], 1
    else:
        # A title above the head holds no separators, or few.
        separator = detect_separator(max(lines, key=lambda line: line.count(detect_separator(line)), default=""))
    width = max((line.count(separator) + 1 for line in lines), default=1)
    refuse_count(name, width, _WIDEST, "columns")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                skiprows=skip,
                header=None,
                names=range(width),
                dtype=object,
                keep_default_na=False,
                na_filter=False,
                index_col=False,
                skip_blank_lines=False,
                engine="c" if separator.isascii() else "python",
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            found = re.search(r"line (\d+)", str(error))
            place = f":{found[1]}" if found else ""
            raise FormatError.from_code("csv_irregular", file=name, place=place) from error
    if caught:
        issues.append(Issue.from_code("warning", "row_cut", name))
    table.index = pd.RangeIndex(1 + skip, 1 + skip + len(table))
    return pd.DataFrame(table.map(lambda value: value.strip() or None if isinstance(value, str) else None))


def features_from_cells(cells: pd.DataFrame, name: str, issues: list[Issue]) -> RawFeatures:
    """Return the features of a table.

    Parameters
    ----------
    cells : DataFrame of texts, numbers and None
        With the head among its first rows; the index holds the lines of the file.
    name : str
    issues : list of Issue
        What was noticed before; more is added.

    Raises
    ------
    FormatError
        If nothing in it is a coordinate.
    """
    cells = cells.astype(object).where(cells.notna(), None)
    head = find_header(cells.iloc[:24].to_numpy(dtype=object).tolist(), name)
    datum = None
    if head is None and (listed := list_with_head(cells, name)) is not None:
        cells, datum = listed.cells, listed.datum
        head = find_header(cells.iloc[:1].to_numpy(dtype=object).tolist(), name)
    if head is None:
        first = next(
            (row for row in cells.iloc[:5].to_numpy(dtype=object) if any(cell is not None for cell in row)), ()
        )
        shown = ", ".join(str(cell)[:20] for cell in first[:8] if cell is not None) or "-"
        raise FormatError.from_code("coordinate_columns_missing", file=name, columns=shown)
    body = cells.iloc[head.end :]
    filled = body.notna().any(axis=1).to_numpy(dtype=bool)
    refuse_count(name, int(filled.sum()), MAX_FEATURES, "rows")
    if "wkt" in head.columns:
        return _of_wkt(body[filled], head, name, issues)
    above = [
        str(cell) for row in cells.iloc[: head.end].to_numpy(dtype=object) for cell in row if isinstance(cell, str)
    ]
    raw = _of_coordinates(body, filled, head, above, name, issues)
    raw.datum = datum or raw.datum
    return raw


def _columns(
    body: pd.DataFrame, head: Header, used: set[int], name: str, issues: list[Issue]
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that are no coordinates; those without name and content are dropped."""
    selected = [
        column
        for column in range(body.shape[1])
        if column not in used and ((head.names[column : column + 1] or ("",))[0] or body[column].notna().any())
    ]
    titles = [(head.names[column : column + 1] or ("",))[0] or f"column_{column + 1}" for column in selected]
    names, renamed = unique_names(titles, ["geometry", "source_row"], name)
    issues.extend(renamed)
    return {title: body[column].to_numpy(dtype=object) for title, column in zip(names, selected, strict=True)}


def _of_wkt(body: pd.DataFrame, head: Header, name: str, issues: list[Issue]) -> RawFeatures:
    place = head.columns["wkt"][0]
    texts = ["" if cell is None else str(cell) for cell in body[place]]
    split = [split_srid(text) for text in texts]
    crs = common_srid([code for (_, code), text in zip(split, texts, strict=True) if text], name)
    parsed = geometries_from_wkt([part.strip() or None for part, _ in split])
    there = np.array([bool(text) for text in texts], dtype=bool)
    issues.extend(unreadable_issue(there & shapely.is_missing(parsed.geometries), name))
    issues.extend(ring_closed_issue(parsed.closed, name))
    columns = _columns(body, head, {place}, name, issues)
    return RawFeatures(name=name, columns=columns, geometries=parsed.geometries, crs=crs, encoding=None, issues=issues)


def _of_coordinates(
    body: pd.DataFrame,
    filled: npt.NDArray[np.bool_],
    head: Header,
    above: list[str],
    name: str,
    issues: list[Issue],
) -> RawFeatures:
    used, others = pair_columns(head, PAIRS)
    if others:
        issues.append(
            Issue.from_code(
                "warning", "coordinates_twice", name, x=used[0], y=used[1], other_x=others[0], other_y=others[1]
            )
        )
    places = sorted({column for meaning in used for column in head.columns[meaning]})
    remarks = find_remark_rows(body.to_numpy(dtype=object), places, head.names)
    _note_remarks(remarks, body.index.to_numpy(), name, issues)
    # Blank rows, sums and headings separate plots where no column does.
    plot_number = np.cumsum(~filled | remarks.divides, dtype=np.int64)
    selected = filled & ~remarks.remark
    rows = body[selected]
    columns = _columns(rows, head, set(places), name, issues)
    found = parse_coordinates(rows, head, used, name, issues)
    corners = corner_columns(columns, len(rows))
    if corners is None or not len(rows):
        raw = RawFeatures(
            name=name, columns=columns, geometries=build_points(found.xy), crs=None, encoding=None, issues=issues
        )
        raw.steps = found.steps.max(axis=1) if len(rows) else None
    else:
        raw = plots_from_corners(
            found.xy, found.steps, rows.index.to_numpy(), plot_number[selected], columns, corners, name, issues
        )
    raw.may_be_packed = found.may_be_packed
    whole = found.xy[np.isfinite(found.xy).all(axis=1)]
    reference = written_reference([*above, *remarks.texts], whole, name)
    if reference is not None:
        raw.crs, raw.datum = reference.crs, reference.datum
        if reference.crs or reference.datum:
            issues.append(written_reference_issue(reference, name))
    return raw


def _note_remarks(remarks: RemarkRows, lines: npt.NDArray[np.int_], name: str, issues: list[Issue]) -> None:
    if remarks.remark.any():
        shown = ", ".join(str(line) for line in lines[remarks.remark][:8])
        count = int(remarks.remark.sum())
        issues.append(Issue.from_code("info", "rows_without_corner", name, count=count, shown=shown))
