"""Tables written as one GeoPackage, the same bytes for the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio

__all__ = ["fixed_timestamp", "write_tables"]


@contextmanager
def fixed_timestamp(stamp: str) -> Iterator[None]:
    """Let GDAL stamp files with one time instead of the clock.

    Parameters
    ----------
    stamp : str
        ``2026-11-01T00:00:00Z``.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_tables(path: Path, tables: Mapping[str, gpd.GeoDataFrame], stamp: str) -> None:
    """Write tables as the layers of a GeoPackage.

    Parameters
    ----------
    path : Path
        A file that does not exist yet.
    tables : mapping of layer name to GeoDataFrame
        Cells are scalars. A column without a single value is written as text, so that an empty layer keeps its columns.
    stamp : str
        Timestamp written to the file.
    """
    with fixed_timestamp(stamp):
        for name, frame in tables.items():
            table = frame.copy()
            for column in table.columns:
                if column != table.geometry.name and table[column].dtype == object and table[column].isna().all():
                    table[column] = table[column].astype("string")
            pyogrio.write_dataframe(
                table,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type="Unknown",
                promote_to_multi=False,
                dataset_options={} if path.exists() else {"VERSION": "1.3"},
            )
