"""Tables and queries of a PostGIS: streamed, whole or the rows near a study area, with the types that files have."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError, extra
from lianzhou_gis.formats.limits import MAX_VECTOR_BYTES
from lianzhou_gis.formats.normalise import geometries_from_wkb
from lianzhou_gis.formats.postgis_source import PostgisSource, open_connection
from lianzhou_gis.formats.postgis_tables import Relation, describe_table
from lianzhou_gis.formats.raw_features import (
    ARC_DEGREES,
    RawFeatures,
    curves_issue,
    unique_names,
)
from lianzhou_gis.geodesy import StudyArea, resolve_reference_system
from lianzhou_gis.geodesy.reference_systems import CrsLike

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["read_postgis", "read_rows"]

_BATCH = 2_000
# Types that come as they are; what is not here comes as text.
_PLAIN = {"bool", "int2", "int4", "int8", "float8", "numeric", "text", "varchar", "bytea"}
_CAST = {"float4": "{}::float8", "timestamptz": "({} AT TIME ZONE 'UTC')::text"}


def read_postgis(url: str, *, layer: str | None = None) -> RawFeatures:
    """Read a table or query whole.

    Parameters
    ----------
    url : str
        See :meth:`PostgisSource.of`.
    layer : str, optional
        ``schema.table``.

    Raises
    ------
    MissingFileError
        If the table is not there.
    FormatError
        If the database cannot be reached or read, or it is not plain which table or column is meant.
    ReferenceSystemError
        If rows differ in their SRID.
    """
    with open_connection(PostgisSource.from_url(url, layer)) as connection:
        return read_rows(connection, describe_table(connection, PostgisSource.from_url(url, layer)))


def read_rows(
    connection: Connection[tuple[Any, ...]],
    table: Relation,
    *,
    study: StudyArea | None = None,
    crs: CrsLike | None = None,
    datum: str | None = None,
) -> RawFeatures:
    """Stream rows through a cursor on the server.

    Parameters
    ----------
    connection : psycopg.Connection
    table : Relation
    study : StudyArea, optional
        Only rows whose box meets it are fetched, and those without a shape.
    crs, datum : optional
        The system of the coordinates, where not that of the table.
    """
    sql = extra("psycopg.sql", "postgis")
    column = sql.Identifier(table.geometry)
    shape = sql.SQL("{}::{}").format(column, sql.Identifier(table.functions, "geometry"))
    drawn = shape
    if table.curved:
        # By the greatest angle of a chord, counted from both ends alike.
        drawn = sql.SQL("CASE WHEN {arc}({shape}) THEN {line}({shape}, {angle}, 2, 1) ELSE {shape} END").format(
            arc=sql.Identifier(table.functions, "st_hasarc"),
            line=sql.Identifier(table.functions, "st_curvetoline"),
            angle=sql.Literal(math.radians(ARC_DEGREES)),
            shape=shape,
        )
    wanted = [sql.SQL(_selected(kind)).format(sql.Identifier(name)) for name, kind in table.columns]
    wanted.append(sql.SQL("{}({})").format(sql.Identifier(table.functions, "st_asbinary"), drawn))
    wanted.append(sql.Identifier(table.key) if table.key else sql.SQL("NULL"))
    query = sql.SQL("SELECT {} FROM {} AS lianzhou").format(sql.SQL(", ").join(wanted), table.source.relation())
    if study is not None:
        system, _ = resolve_reference_system(crs or table.crs, datum=datum, where=table.source.name)
        query += sql.SQL(
            " WHERE {column} IS NULL OR {empty}({shape}) OR {shape} OPERATOR({home}.&&) {box}({bounds})"
        ).format(
            column=column,
            shape=shape,
            home=sql.Identifier(table.functions),
            empty=sql.Identifier(table.functions, "st_isempty"),
            box=sql.Identifier(table.functions, "st_makeenvelope"),
            bounds=sql.SQL(", ").join(map(sql.Literal, [*study.bounds_in(system), table.srid])),
        )
    if table.key:
        query += sql.SQL(" ORDER BY {}").format(sql.Identifier(table.key))
    rows: list[tuple[Any, ...]] = []
    size = 0
    with connection.cursor(name="lianzhou_gis", binary=True) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(query)
        for row in cursor:
            size += len(row[-2] or b"")
            if size > MAX_VECTOR_BYTES:
                most = f"{MAX_VECTOR_BYTES / 2**30:.0f} GB"
                raise FormatError.from_code("postgis_geometry_large", file=table.source.name, most=most)
            rows.append(row)
    return _raw(table, rows)


def _selected(kind: str) -> str:
    return "{}" if kind in _PLAIN else _CAST.get(kind, "{}::text")


def _raw(table: Relation, rows: list[tuple[Any, ...]]) -> RawFeatures:
    name, issues = table.source.name, list(table.issues)
    blobs = np.empty(len(rows), dtype=object)
    blobs[:] = [row[-2] for row in rows]
    geometries, lost = geometries_from_wkb(blobs, name)
    issues += lost
    if table.curved:
        issues.append(curves_issue(name))
    names, renamed = unique_names([column for column, _ in table.columns], ["geometry", "source_row"], name)
    issues += renamed
    columns = {ours: _column([row[place] for row in rows], table.columns[place][1]) for place, ours in enumerate(names)}
    keys = [row[-1] for row in rows]
    return RawFeatures(
        doubles=True,
        name=name,
        columns=columns,
        geometries=geometries,
        crs=table.crs,
        encoding=None,
        issues=issues,
        sha256=table.sha256,
        rows=keys if table.key else None,
        extent=table.extent if len(rows) < table.rows else None,
    )


def _column(values: list[Any], kind: str) -> npt.NDArray[np.object_]:
    """Return cells as files give them: numbers, texts, days; what has no value is None."""
    cell = _CELLS.get(kind)
    cells = np.empty(len(values), dtype=object)
    cells[:] = [value if value is None or cell is None else cell(value) for value in values]
    return cells


def _number(value: Decimal) -> int | float:
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)


def _day(value: str) -> date | str:
    # infinity, and years that Python does not know, stay the texts that they are.
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def _moment(value: str) -> datetime | str:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


_CELLS: dict[str, Callable[[Any], Any]] = {
    "numeric": _number,
    "date": _day,
    "timestamp": _moment,
    "timestamptz": _moment,
}
