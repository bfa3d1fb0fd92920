"""``findings.gpkg``: the tables of a run with their geometry, the same bytes for the same run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from lianzhou_gis.runs.document import plain, rounded

if TYPE_CHECKING:
    from lianzhou_gis.screening import Result

__all__ = ["write_geopackage"]


def _cell(value: Any) -> Any:  # noqa: ANN401 - any cell of a table
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
    totals = result.totals
    empty = gpd.GeoSeries([None] * len(totals), index=totals.index, crs="EPSG:4490")
    return {
        "sites": result.sites.drop(columns="outfall"),
        "outfalls": _outfalls(result.sites),
        "overlaps": result.overlaps,
        "totals": gpd.GeoDataFrame(totals, geometry=empty, crs="EPSG:4490"),
        "findings": result.findings,
        "gaps": result.gaps,
        "zones": result.zones,
    }


def write_geopackage(result: Result, path: Path) -> None:
    """Write the tables of a run as one GeoPackage.

    Parameters
    ----------
    result : Result
    path : pathlib.Path
        A file that does not exist yet.
    """
    # GDAL stamps a GeoPackage with this date instead of the clock.
    stamp = f"{date.isoformat(result.as_of)}T00:00:00Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        for name, frame in layers_of(result).items():
            _write_layer(_table(frame), path, name)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_layer(table: gpd.GeoDataFrame, path: Path, name: str) -> None:
    """Append a layer; a column without a single value is written as text, so that an empty layer keeps its columns."""
    geometry = table.geometry.name
    for column in table.columns:
        if column != geometry and table[column].dtype == object and table[column].isna().all():
            table[column] = table[column].astype("string")
    pyogrio.write_dataframe(
        table,
        path,
        layer=name,
        driver="GPKG",
        append=path.exists(),
        geometry_type="Unknown",
        dataset_options={} if path.exists() else {"VERSION": "1.3"},
    )
