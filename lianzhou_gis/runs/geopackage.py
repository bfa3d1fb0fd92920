"""``findings.gpkg``: the tables of a run with their geometry, the same bytes for the same run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from lianzhou_gis.formats.geopackage_writing import write_tables
from lianzhou_gis.runs.document import plain, rounded
from lianzhou_gis.runs.layer_styles import write_styles

if TYPE_CHECKING:
    from lianzhou_gis.result import Result

__all__ = ["write_geopackage"]


def _cell(value: object) -> object:
    """Return a cell as a GeoPackage column holds it: what is no scalar becomes JSON text."""
    value = plain(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else value


def _table(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer as it is written: rounded, scalars only, 2D, no second geometry."""
    geometry = frame.geometry.name
    table = rounded(pd.DataFrame(frame.drop(columns=geometry)))
    table = table[[column for column in table.columns if not isinstance(table[column].dtype, gpd.array.GeometryDtype)]]
    for column in table.columns:
        if table[column].dtype == object:
            table[column] = table[column].map(_cell)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(frame.geometry.array, index=table.index), crs="EPSG:4490")


def _outfalls(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    outfall = gpd.GeoSeries(sites["outfall"], crs="EPSG:4490")
    given = outfall.notna()
    return gpd.GeoDataFrame(sites.loc[given, ["site_id", "name"]], geometry=outfall[given], crs="EPSG:4490")


def layers_of(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the GeoPackage by name, sorted so that the order of the sites does not matter."""
    return {
        "sites": result.sites_by_id.drop(columns="outfall"),
        "outfalls": _outfalls(result.sites_by_id),
        "overlaps": result.overlaps,
        "totals": _plain(result.totals),
        "findings": result.findings,
        "gaps": result.gaps,
        "zones": result.zones,
        "access": _plain(result.access),
    }


def _plain(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table without shapes as a layer."""
    empty = gpd.GeoSeries([None] * len(table), index=table.index, crs="EPSG:4490")
    return gpd.GeoDataFrame(table, geometry=empty, crs="EPSG:4490")


def write_geopackage(result: Result, path: Path) -> None:
    """Write the tables of a run as one GeoPackage, with the styles by which QGIS shows them as the maps do.

    Parameters
    ----------
    result : Result
    path : pathlib.Path
        A file that does not exist yet.
    """
    stamp = f"{date.isoformat(result.as_of)}T00:00:00Z"
    write_tables(path, {name: _table(frame) for name, frame in layers_of(result).items()}, stamp)
    write_styles(path, stamp)
