"""GeoPackages: layers, reference systems and records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.foreign_formats import read_foreign
from lianzhou_gis.formats.gdal_layers import read_gdal_layer
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.raw_features import RawFeatures, curves_issue
from lianzhou_gis.formats.sqlite_files import connect_readonly, sqlite_snapshot
from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["feature_layers", "read_geopackage"]

# WKB types 8 to 12 are arcs and what is made of them; GDAL turns them into short chords.
_CURVES = range(8, 13)
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


@dataclass(frozen=True)
class _Declared:
    """Declaration of one layer in the tables of a GeoPackage."""

    column: str
    srs_id: int
    organization: str
    code: int
    definition: str


def feature_layers(path: Path, name: str) -> list[str]:
    """Return the names of the feature layers of a GeoPackage.

    Parameters
    ----------
    path : Path
    name : str
        For messages.

    Raises
    ------
    FormatError
        If it is no GeoPackage, or locked.
    """
    with sqlite_snapshot(path, name) as snapshot:
        return [] if _is_other_sqlite(snapshot.path) else list(_declared(snapshot.path, name))


def _declared(path: Path, name: str) -> dict[str, _Declared]:
    query = (
        "SELECT g.table_name, g.column_name, g.srs_id, s.organization, s.organization_coordsys_id, s.definition "
        "FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id ORDER BY g.rowid"
    )
    try:
        with closing(connect_readonly(path)) as connection:
            rows = connection.execute(query).fetchall()
        return {
            str(table): _Declared(str(column), int(srs), str(organization or ""), int(code or 0), str(definition or ""))
            for table, column, srs, organization, code, definition in rows
        }
    except (sqlite3.Error, UnicodeDecodeError, TypeError, ValueError) as error:
        raise _no_geopackage(name) from error


def _is_other_sqlite(path: Path) -> bool:
    """Tell whether a database holds geometries as SpatiaLite or OGR store them, not as a GeoPackage."""
    try:
        with closing(connect_readonly(path)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    tables = {str(name).lower() for (name,) in rows}
    return "geometry_columns" in tables and "gpkg_geometry_columns" not in tables


def _no_geopackage(name: str) -> FormatError:
    return FormatError.from_code("geopackage_invalid", file=name)


def read_geopackage(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read one layer of a GeoPackage, unmerged changes of its journal included.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer : str, optional
        Needed where there are several.
    encoding : str, optional
        Not used: the format fixes it.

    Raises
    ------
    FormatError
        If it is no GeoPackage, locked by another program, or the layer is not there or not named.
    """
    with sqlite_snapshot(path, name) as snapshot:
        if _is_other_sqlite(snapshot.path):
            raw = read_foreign(snapshot.path, name, layer, encoding, form="SQLite")
            raw.issues[:0] = snapshot.issues
            raw.sha256, raw.wholeness = snapshot.sha256, snapshot.wholeness.joined(raw.wholeness)
            return raw
        declared = _declared(snapshot.path, name)
        chosen = choose_layer(name, list(declared), layer)
        if len(declared) > 1:
            name = f"{name}/{chosen}"
        issues = list(snapshot.issues)
        _refuse_computed(snapshot.path, chosen, name)
        read = read_gdal_layer(snapshot.path, chosen, name, issues)
        if _has_curves(snapshot.path, chosen, declared[chosen].column):
            issues.append(curves_issue(name))
        counted = _counted(snapshot.path, chosen, declared[chosen].column, len(read.geometries))
        return RawFeatures(
            doubles=True,
            name=name,
            columns=read.columns,
            geometries=read.geometries,
            crs=_reference_system(declared[chosen]),
            encoding=None,
            issues=issues,
            sha256=snapshot.sha256,
            wholeness=snapshot.wholeness.joined(counted),
        )


def _counted(path: Path, layer: str, column: str, read: int) -> Wholeness:
    """Compare the rows that were read with the table, the count that the file declares, and the spatial index."""
    table, rowids = (f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (layer, f"rtree_{layer}_{column}_rowid"))
    whole = Wholeness()
    with closing(connect_readonly(path)) as connection:
        try:
            (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        except (sqlite3.Error, UnicodeDecodeError):
            rows = read
        declared = _number(connection, "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?", (layer,))
        lost = _number(connection, f"SELECT count(*) FROM {rowids} WHERE rowid NOT IN (SELECT rowid FROM {table})")
    if rows != read:
        whole = whole.with_fault(WholenessGround.RECORD_COUNT, "rows_not_read", rows=rows, read=read)
    if declared is not None and declared > read:
        whole = whole.with_fault(WholenessGround.RECORD_COUNT, "count_above_rows", declared=declared, read=read)
    if lost:
        whole = whole.with_fault(WholenessGround.SPATIAL_INDEX, "index_above_rows", count=lost)
    return whole.with_proof(WholenessGround.RECORD_COUNT) if whole.is_whole else whole


def _number(connection: sqlite3.Connection, query: str, values: tuple[str, ...] = ()) -> int | None:
    """Return the one number of a query, None where the table it asks is not there."""
    try:
        row = connection.execute(query, values).fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return int(row[0]) if row is not None and isinstance(row[0], int) else None


def _refuse_computed(path: Path, layer: str, name: str) -> None:
    """Refuse a view or a table with computed columns: its query may never end."""
    with closing(connect_readonly(path)) as connection:
        try:
            found = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (layer,)).fetchone()
            # Hidden columns of kind 2 and 3 are generated from others.
            quoted = layer.replace('"', '""')
            generated = any(row[6] > 1 for row in connection.execute(f'PRAGMA table_xinfo("{quoted}")').fetchall())
        except (sqlite3.Error, TypeError, UnicodeDecodeError) as error:
            raise _no_geopackage(name) from error
    if found is None:
        raise FormatError.from_code("geopackage_table_missing", file=name)
    if found[0] != "table" or generated or str(found[1] or "")[:21].upper().startswith("CREATE VIRTUAL"):
        raise FormatError.from_code("geopackage_view", file=name)


def _reference_system(declared: _Declared) -> str | None:
    """Return WKT or code as the file declares it; 0 and -1 mean undefined."""
    if declared.srs_id in (0, -1) or '"Undefined' in declared.definition:
        return None
    if declared.definition and declared.definition.lower() != "undefined":
        return declared.definition
    if declared.organization.upper() == "EPSG" and declared.code > 0:
        return f"EPSG:{declared.code}"
    return None


def _has_curves(path: Path, layer: str, column: str) -> bool:
    """Return whether a layer holds arcs, from the type bytes of its geometries."""
    table, blob = (f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (layer, column))
    try:
        with closing(connect_readonly(path)) as connection:
            flags = connection.execute(f"SELECT DISTINCT substr({blob}, 4, 1) FROM {table} WHERE {blob} IS NOT NULL")
            for (flag,) in flags.fetchall():
                envelope = (flag[0] >> 1) & 0x07 if flag else 0
                if envelope >= len(_ENVELOPE_BYTES):
                    continue
                start = 9 + _ENVELOPE_BYTES[envelope]
                kinds = connection.execute(
                    f"SELECT DISTINCT substr({blob}, {start}, 5) FROM {table} WHERE substr({blob}, 4, 1) = ?", (flag,)
                )
                for (head,) in kinds.fetchall():
                    kind = head[1:] if head[:1] == b"\x00" else head[:0:-1]
                    if len(head) == 5 and int.from_bytes(kind, "big") % 1000 in _CURVES:
                        return True
    except (sqlite3.Error, IndexError, TypeError):
        return False
    return False
