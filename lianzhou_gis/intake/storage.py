"""Stores imported records: every attribute, the vertices of the source, repairs with a record."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import CatalogError, Issue
from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.formats.raw_features import with_missing
from lianzhou_gis.formats.repair import repair_geometries
from lianzhou_gis.formats.site_ids import plain_text
from lianzhou_gis.geodesy import CGCS2000, ReferenceSystem, from_cgcs2000, statutory_area
from lianzhou_gis.intake.import_options import UNKNOWN
from lianzhou_gis.layers import COLUMNS
from lianzhou_gis.layers.schema_mapping import columns_of

__all__ = ["RepairRecord", "filled", "repair_shapes", "storable", "write_zones"]

# A broken shape with more vertices is repaired by each use where it is needed; repairing it whole takes minutes.
_HEAVY = 200_000
_RESERVED = {"fid", "geom", "geometry", "ogc_fid", "source_row"}


@dataclass(frozen=True)
class RepairRecord:
    """The repair of one shape.

    Attributes
    ----------
    done : {"repaired", "kept_as_read"}
        An ambiguous or very heavy shape is stored as read: every use of the layer then repairs it where it is used
        and marks the doubtful place, which a repaired shape would no longer show.
    doubtful_m2 : float or None
        Area by which the readings differ; ``None`` if that is left to the uses of the layer.
    """

    source_row: int
    done: str
    area_before_m2: float
    area_after_m2: float | None
    doubtful_m2: float | None


def _column_name(name: str, taken: set[str]) -> str:
    """Return a column name that is unique for SQLite: one line, case-insensitive."""
    plain = " ".join(unicodedata.normalize("NFKC", plain_text(name, 80)[0] or "_").split())
    chosen, number = plain, 2
    while chosen.casefold() in taken:
        chosen, number = f"{plain}_{number}", number + 1
    taken.add(chosen.casefold())
    return chosen


def storable(frame: pd.DataFrame, where: str, issues: list[Issue]) -> pd.DataFrame:
    """Return records whose columns a GeoPackage can store: unique names, numbers and texts; changes are issues.

    Parameters
    ----------
    frame : DataFrame
        As read; not changed.
    where : str
        The file, for issues.
    issues : list of Issue
        Added to.
    """
    taken, table, renamed, dropped = set(_RESERVED), {}, [], []
    for name in frame.columns:
        if name in ("source_row", "geometry"):
            continue
        values = frame[name]
        if values.map(lambda value: isinstance(value, bytes)).any():
            dropped.append(str(name))
            continue
        kept = _column_name(str(name), taken)
        if kept != name:
            renamed.append(f"{str(name)!r} → {kept!r}")
        table[kept] = _cells(values)
    if renamed:
        issues.append(Issue.from_code("warning", "column_renamed", where, columns=renamed[:12]))
    if dropped:
        issues.append(Issue.from_code("warning", "column_dropped", where, columns=dropped[:12]))
    return pd.DataFrame({**table, "source_row": frame["source_row"], "geometry": frame["geometry"]})


def _cells(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return values
    if pd.api.types.is_datetime64_any_dtype(values):
        days = (values.isna() | (values == values.dt.normalize())).all()
        return values.map(lambda value: None if pd.isna(value) else value.date() if days else value).map(_text)
    return values.map(_text).astype(object)


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # What no file can hold (lone surrogates) is replaced; NUL would end the text.
    return str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")


def filled(
    frame: pd.DataFrame, entry: LayerEntry, fill: dict[str, str], where: str, issues: list[Issue]
) -> pd.DataFrame:
    """Return records with the values that hold wherever a cell is empty.

    Raises
    ------
    CatalogError
        If a value is given for something that zones do not have.
    """
    unknown = sorted(set(fill) - set(COLUMNS))
    if unknown:
        raise CatalogError.from_code("fill_unknown", names=unknown, known=list(COLUMNS))
    result = frame.copy()
    found = columns_of(frame, entry)
    for ours, value in fill.items():
        name = found.get(ours, ours)
        if name not in result.columns:
            result[name] = pd.Series([None] * len(result), index=result.index, dtype=object)
        if value == UNKNOWN:
            continue
        empty = result[name].map(lambda cell: plain_text(cell, 80)[0] is None)
        result[name] = result[name].astype(object).where(~empty, value)
        issues.append(Issue.from_code("info", "value_filled", where, count=int(empty.sum()), column=ours, value=value))
    return result


def repair_shapes(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[RepairRecord]]:
    """Return records with unambiguous broken shapes repaired, and the repairs."""
    geometries = frame["geometry"].to_numpy(dtype=object).copy()
    heavy = shapely.get_num_coordinates(geometries) > _HEAVY
    records = [
        RepairRecord(int(frame["source_row"].iloc[position]), "kept_as_read", round(before, 2), None, None)
        for position in np.flatnonzero(heavy & ~shapely.is_valid(geometries))
        for before in statutory_area([geometries[position]])
    ]
    for position, repair in repair_geometries(with_missing(geometries, heavy)).items():
        plain = repair.geometry is not None and repair.doubtful is None
        before = float(statutory_area([geometries[position]])[0])
        if plain:
            geometries[position] = repair.geometry
        after = float(statutory_area([geometries[position]])[0]) if plain else None
        records.append(
            RepairRecord(
                source_row=int(frame["source_row"].iloc[position]),
                done="repaired" if plain else "kept_as_read",
                area_before_m2=round(before, 2),
                area_after_m2=None if after is None else round(after, 2),
                doubtful_m2=round(repair.changed_m2, 2),
            )
        )
    records.sort(key=lambda record: record.source_row)
    return frame.assign(geometry=pd.Series(geometries, index=frame.index, dtype=object)), records


def write_zones(frame: pd.DataFrame, path: Path, layer: str, system: ReferenceSystem, stamp: str) -> None:
    """Write the records of a layer as a GeoPackage: in CGCS2000, or as surveyed where no parameters lead there.

    Coordinates of an old datum are stored unchanged, so that every use of the layer reports them as unreliable.
    """
    crs: Any = CGCS2000.crs
    shapes: Any = frame["geometry"].to_numpy(dtype=object)
    if not system.reliable:
        crs, shapes = system.crs, from_cgcs2000(shapes, system)
    table = frame.drop(columns=["source_row", "geometry"])
    write_tables(path, {layer: gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)}, stamp)
