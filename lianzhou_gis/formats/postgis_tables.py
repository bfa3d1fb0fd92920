"""What a table or query of a PostGIS is like: its columns, its one reference system, its rows and their hash."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, LiteralString

from lianzhou_gis.errors import FormatError, Issue, ReferenceSystemError, extra
from lianzhou_gis.formats.limits import MAX_FEATURES, refuse_count
from lianzhou_gis.formats.postgis_source import PostgisSource

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composable, Composed

__all__ = ["Relation", "describe_table"]

_SPATIAL = ("geometry", "geography")
_CURVED = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE")


@dataclass(frozen=True)
class Relation:
    """A table or query as the database describes it.

    Attributes
    ----------
    columns : tuple of (name, type)
        Without geometry and without the key that the database gave.
    geometry : str
    geographic : bool
        Whether that column is of the type geography.
    functions : str
        The schema in which PostGIS lives.
    key : str, optional
        A unique column of whole numbers.
    made_up : bool
        Whether the database made that key, so that it carries no information.
    crs : str or None
        ``EPSG:4490``, WKT, or ``None`` where the rows have no SRID.
    srid : int
    rows : int
    sha256 : str
        Of all rows as the database prints them.
    comment : str
        Of the table.
    curved : bool
        Whether there are arcs.
    extent : tuple of float, optional
        West, south, east, north of all rows.
    """

    source: PostgisSource
    columns: tuple[tuple[str, str], ...]
    geometry: str
    geographic: bool
    functions: str
    key: str | None
    made_up: bool
    crs: str | None
    srid: int
    rows: int
    sha256: str
    comment: str
    curved: bool
    extent: tuple[float, float, float, float] | None
    issues: tuple[Issue, ...]


def _all(
    connection: Connection[tuple[Any, ...]], query: LiteralString | Composed, *values: object
) -> list[tuple[Any, ...]]:
    return list(connection.execute(query, values or None).fetchall())


def describe_table(connection: Connection[tuple[Any, ...]], source: PostgisSource) -> Relation:
    """Ask what a table or query is like: its columns, its reference system, how many rows, and their hash."""
    sql = extra("psycopg.sql", "postgis")
    home = _all(
        connection,
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis'",
    )
    if not home:
        raise FormatError.from_code("postgis_extension_missing", file=source.name)
    functions = str(home[0][0])
    if source.table is None and source.query is None:
        raise _which_table(connection, source, functions)
    relation = source.relation()
    # Binary: the protocol then takes one statement only, whatever a query contains.
    found = (
        connection.execute(sql.SQL("SELECT * FROM {} AS lianzhou LIMIT 0").format(relation), binary=True).description
        or []
    )
    types: dict[int, str] = dict(
        _all(connection, "SELECT oid, typname FROM pg_type WHERE oid = ANY(%s)", [item.type_code for item in found])
    )
    columns = [(str(item.name), str(types[item.type_code])) for item in found]
    spatial = [name for name, kind in columns if kind in _SPATIAL]
    geometry = _geometry_column(source, spatial)
    geographic = dict(columns)[geometry] == "geography"
    issues = []
    if len(spatial) > 1:
        others = ", ".join(name for name in spatial if name != geometry)
        issues.append(Issue.from_code("warning", "column_left_out", source.name, geometry=geometry, others=others))
    key, made_up = (None, False) if source.query else _key(connection, source)
    shape = sql.SQL("{}::{}").format(sql.Identifier(geometry), sql.Identifier(functions, "geometry"))
    kinds = _all(
        connection,
        sql.SQL(
            "SELECT DISTINCT {srid}({shape}), {kind}({shape}) FROM {relation} AS lianzhou WHERE {column} IS NOT NULL"
        ).format(
            srid=sql.Identifier(functions, "st_srid"),
            kind=sql.Identifier(functions, "geometrytype"),
            shape=shape,
            column=sql.Identifier(geometry),
            relation=relation,
        ),
    )
    srids = sorted({int(row[0]) for row in kinds})
    srid = _one_srid(source, srids or _declared_srid(connection, source, functions, geometry))
    rows, digest = _all(
        connection,
        sql.SQL(
            "SELECT count(*), encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY hash), ''::bytea)), 'hex') "
            "FROM (SELECT sha256(convert_to(lianzhou::text, 'UTF8')) AS hash FROM {} AS lianzhou) AS rows"
        ).format(relation),
    )[0]
    refuse_count(source.name, int(rows), MAX_FEATURES, "features")
    return Relation(
        source=source,
        columns=tuple((name, kind) for name, kind in columns if kind not in _SPATIAL and not (made_up and name == key)),
        geometry=geometry,
        geographic=geographic,
        functions=functions,
        key=key,
        made_up=made_up,
        crs=_reference_system(connection, functions, srid),
        srid=srid,
        rows=int(rows),
        sha256=str(digest),
        comment=_comment(connection, source),
        curved=any(str(kind) in _CURVED for _, kind in kinds),
        extent=_extent(connection, functions, shape, relation),
        issues=tuple(issues),
    )


def _which_table(connection: Connection[tuple[Any, ...]], source: PostgisSource, functions: str) -> FormatError:
    sql = extra("psycopg.sql", "postgis")
    found = _all(
        connection,
        sql.SQL("SELECT DISTINCT f_table_schema || '.' || f_table_name FROM {} ORDER BY 1 LIMIT 9").format(
            sql.Identifier(functions, "geometry_columns")
        ),
    )
    listed = ", ".join(str(row[0]) for row in found) or "-"
    return FormatError.from_code("postgis_table_unnamed", file=source.name, tables=listed)


def _geometry_column(source: PostgisSource, spatial: list[str]) -> str:
    if source.geometry in spatial or (source.geometry is None and len(spatial) == 1):
        return source.geometry or spatial[0]
    if not spatial:
        raise FormatError.from_code("postgis_geometry_missing", file=source.name)
    listed = ", ".join(spatial)
    raise FormatError.from_code("postgis_geometry_ambiguous", file=source.name, columns=listed)


def _one_srid(source: PostgisSource, srids: list[int]) -> int:
    if len(srids) > 1:
        listed = ", ".join(map(str, srids))
        raise ReferenceSystemError.from_code("postgis_systems_mixed", file=source.name, srids=listed)
    return srids[0] if srids else 0


def _declared_srid(
    connection: Connection[tuple[Any, ...]], source: PostgisSource, functions: str, geometry: str
) -> list[int]:
    """Return the SRID of the column itself, for a table without rows."""
    if source.query is not None:
        return []
    sql = extra("psycopg.sql", "postgis")
    found = _all(
        connection,
        sql.SQL(
            "SELECT {}(atttypmod) FROM pg_attribute WHERE attrelid = {}::regclass AND attname = {} AND atttypmod >= 0"
        ).format(
            sql.Identifier(functions, "postgis_typmod_srid"),
            sql.Literal(source.relation().as_string(connection)),
            sql.Literal(geometry),
        ),
    )
    return [int(row[0]) for row in found]


def _key(connection: Connection[tuple[Any, ...]], source: PostgisSource) -> tuple[str | None, bool]:
    """Return the primary key if it is one column of whole numbers, and whether the database counts it up itself."""
    found = _all(
        connection,
        "SELECT a.attname, a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%', false) "
        "FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
        "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
        "WHERE i.indrelid = %s::regclass AND i.indisprimary AND i.indnatts = 1 "
        "AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)",
        source.relation().as_string(connection),
    )
    return (str(found[0][0]), bool(found[0][1])) if found else (None, False)


def _reference_system(connection: Connection[tuple[Any, ...]], functions: str, srid: int) -> str | None:
    sql = extra("psycopg.sql", "postgis")
    if srid == 0:
        return None
    found = _all(
        connection,
        sql.SQL("SELECT auth_name, auth_srid, srtext FROM {} WHERE srid = {}").format(
            sql.Identifier(functions, "spatial_ref_sys"), sql.Literal(srid)
        ),
    )
    if not found:
        return None
    name, code, text = found[0]
    return f"EPSG:{code}" if str(name).upper() == "EPSG" and code else str(text)


def _extent(
    connection: Connection[tuple[Any, ...]],
    functions: str,
    shape: Composable,
    relation: Composable,
) -> tuple[float, float, float, float] | None:
    """Return the box of all rows: whether the system is plausible is judged by the whole table."""
    sql = extra("psycopg.sql", "postgis")
    edges = [
        sql.SQL("{}(box)").format(sql.Identifier(functions, f"st_{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax")
    ]
    whole = sql.SQL("SELECT {} FROM (SELECT {}({})::{} AS box FROM {} AS lianzhou) AS boxes").format(
        sql.SQL(", ").join(edges),
        sql.Identifier(functions, "st_extent"),
        shape,
        sql.Identifier(functions, "box3d"),
        relation,
    )
    found = _all(connection, whole)[0]
    if any(value is None or not isfinite(value) for value in found):
        return None
    west, south, east, north = map(float, found)
    return west, south, east, north


def _comment(connection: Connection[tuple[Any, ...]], source: PostgisSource) -> str:
    if source.query is not None:
        return ""
    name = source.relation().as_string(connection)
    found = _all(connection, "SELECT obj_description(%s::regclass, 'pg_class')", name)
    return str(found[0][0] or "")
