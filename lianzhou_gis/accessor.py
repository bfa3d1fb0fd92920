"""``gdf.lianzhou``: a table of sites screened in place.

Registered when this module is imported, and by ``import lianzhou_gis`` where geopandas is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from lianzhou_gis.errors import GeometryError
from lianzhou_gis.geodesy.reference_systems import CrsLike

if TYPE_CHECKING:
    from pathlib import Path

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.formats import Sites
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Rulebook

__all__ = ["LianzhouAccessor", "NoGeometryError"]


class NoGeometryError(GeometryError, AttributeError):
    """A table without geometry has no sites; pandas wants this to be an AttributeError."""


@pd.api.extensions.register_dataframe_accessor("lianzhou")
class LianzhouAccessor:
    """What this package can do with a GeoDataFrame of proposed sites.

    Parameters
    ----------
    frame : GeoDataFrame
        Sites, one a row, in any reference system that the frame declares; columns that name facts are facts.

    Raises
    ------
    NoGeometryError
        If the table has no geometry.

    Examples
    --------
    >>> import geopandas, shapely
    >>> import lianzhou_gis.accessor
    >>> plot = shapely.box(112.49, 24.82, 112.492, 24.822)
    >>> frame = geopandas.GeoDataFrame({"site_id": ["A"]}, geometry=[plot], crs="EPSG:4490")
    >>> float(frame.lianzhou.sites().frame["area_m2"][0].round(1))
    44793.6
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        if not hasattr(frame, "geometry") or getattr(frame, "_geometry_column_name", None) is None:
            raise NoGeometryError.from_code("table_without_geometry")
        self._frame = frame

    def sites(self, *, crs: CrsLike | None = None, datum: str | None = None) -> Sites:
        """Return the rows as checked sites, as :func:`lianzhou_gis.read_sites` does."""
        from lianzhou_gis.formats import read_sites

        return read_sites(self._frame, crs=crs, datum=datum)

    def screen(
        self,
        catalog: Catalog | str | Path,
        rules: Rulebook | None = None,
        **options: Any,  # noqa: ANN401 - those of screen
    ) -> Result:
        """Screen the rows, as :func:`lianzhou_gis.screen` does; ``options`` are its own."""
        from lianzhou_gis.screening import screen

        return screen(self._frame, catalog, rules, **options)
