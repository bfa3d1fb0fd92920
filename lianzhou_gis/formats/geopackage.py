"""GeoPackages: which layers there are, in which reference system, and their records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.limits import MAX_FEATURES, existing, refuse_count, sha256_of_file
from lianzhou_gis.formats.raw_features import RawFeatures, geometries_from_wkb, heard_warnings, unique_names

__all__ = ["feature_layers", "read_geopackage"]

# WKB types 8 to 12 are arcs and what is made of them; GDAL turns them into short chords.
_CURVES = range(8, 13)
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


@dataclass(frozen=True)
class _Declared:
    """What the tables of a GeoPackage say of one layer."""

    column: str
    srs_id: int
    organization: str
    code: int
    definition: str


def feature_layers(path: Path) -> list[str]:
    """Return the names of the feature layers of a GeoPackage.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FormatError
        If it is no GeoPackage.
    """
    return list(_declared(path))


def _declared(path: Path) -> dict[str, _Declared]:
    existing(path)
    with path.open("rb") as stream:
        if stream.read(16) != b"SQLite format 3\x00":
            raise _no_geopackage(path.name)
    query = (
        "SELECT g.table_name, g.column_name, g.srs_id, s.organization, s.organization_coordsys_id, s.definition "
        "FROM gpkg_geometry_columns g LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id ORDER BY g.rowid"
    )
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True)) as connection:
                rows = connection.execute(query).fetchall()
        except sqlite3.Error as error:
            if mode.endswith("immutable=1"):
                raise _no_geopackage(path.name) from error
        else:
            break
    return {
        str(table): _Declared(str(column), int(srs), str(organization or ""), int(code or 0), str(definition or ""))
        for table, column, srs, organization, code, definition in rows
    }


def _no_geopackage(name: str) -> FormatError:
    return FormatError(
        f"{name}：不是有效的 GeoPackage；请重新导出", f"{name}: this is no valid GeoPackage; export it again"
    )


def read_geopackage(path: Path, *, layer: str | None = None) -> RawFeatures:
    """Read one layer of a GeoPackage.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Needed where there are several.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is no GeoPackage, or the layer is not there or not named.
    """
    # Imported where it is needed: it takes longer to load than a screening of one site.
    import pyogrio
    import pyogrio.errors

    declared = _declared(path)
    chosen = _choose(path.name, list(declared), layer)
    name = path.name if len(declared) == 1 else f"{path.name}/{chosen}"
    issues: list[Issue] = []
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        issues.append(
            Issue(
                "warning",
                "open_elsewhere",
                name,
                "文件旁有未合并的 -wal 文件（可能正被其他程序打开），校验值不含其内容",
                "an unmerged -wal file stands beside it (open in another program?); the hash does not cover it",
            )
        )
    digest = sha256_of_file(path)
    with heard_warnings(name, issues):
        try:
            count = pyogrio.read_info(path, layer=chosen, force_feature_count=True)["features"]
            refuse_count(name, int(count), MAX_FEATURES, "个要素", "features")
            meta, _, blobs, columns = pyogrio.raw.read(path, layer=chosen)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            raise _no_geopackage(path.name) from error
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{name}：文字不是 UTF-8，不符合 GeoPackage 标准；请重新导出",
                f"{name}: its texts are not UTF-8 as the standard demands; export it again",
            ) from error
    geometries, lost = geometries_from_wkb(blobs, name)
    issues.extend(lost)
    if _has_curves(path, chosen, declared[chosen].column):
        issues.append(
            Issue(
                "warning",
                "curves_linearised",
                name,
                "图形含圆弧，已按短弦折线读取（每段不超过 4°）",
                "the geometry holds arcs; they were read as chords of at most 4 degrees",
            )
        )
    names, renamed = unique_names([str(field) for field in meta["fields"]], ["geometry", "source_row"], name)
    issues.extend(renamed)
    return RawFeatures(
        name=name,
        columns=dict(zip(names, columns, strict=True)),
        geometries=geometries,
        crs=_reference_system(declared[chosen]),
        encoding=None,
        issues=issues,
        sha256=digest,
    )


def _choose(name: str, found: list[str], layer: str | None) -> str:
    if layer is not None and layer in found:
        return layer
    if layer is None and len(found) == 1:
        return found[0]
    if not found:
        raise FormatError(f"{name}：其中没有矢量图层", f"{name}: there is no feature layer in it")
    listed = ", ".join(found[:8])
    problem = (f"没有图层 {layer}", f"no layer {layer}") if layer else ("有多个图层", "there are several layers")
    raise FormatError(f"{name}：{problem[0]}；可选 {listed}", f"{name}: {problem[1]}; choose one of {listed}")


def _reference_system(declared: _Declared) -> str | None:
    """Return WKT or code as the file declares it; 0 and -1 mean undefined."""
    if declared.srs_id in (0, -1):
        return None
    if declared.definition and declared.definition.lower() != "undefined":
        return declared.definition
    if declared.organization.upper() == "EPSG" and declared.code > 0:
        return f"EPSG:{declared.code}"
    return None


def _has_curves(path: Path, layer: str, column: str) -> bool:
    """Tell whether a layer holds arcs, from the type bytes of its geometries."""
    table, blob = (f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (layer, column))
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
        ) as connection:
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
