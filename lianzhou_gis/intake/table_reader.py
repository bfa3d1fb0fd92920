"""Reads all zones of a layer from its file or table, before any repair."""

from __future__ import annotations

import pandas as pd

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import LIANZHOU, Region
from lianzhou_gis.layers.layer_source import read_source
from lianzhou_gis.layers.schema_mapping import as_zones, named_columns

__all__ = ["read_zones", "region_of"]


def region_of(catalog: Catalog | None) -> Region:
    """Return where coordinates must lie: in the region of a catalog, else in Lianzhou."""
    if catalog is not None and catalog.region.bounds is not None:
        return Region(catalog.region.name, catalog.region.bounds)
    return LIANZHOU


def read_zones(catalog: Catalog, entry: LayerEntry, region: Region | None) -> tuple[pd.DataFrame, list[Issue]]:
    """Read the zones of a layer of a catalog.

    Returns
    -------
    zones : DataFrame
        With the columns of zones; geometry EPSG:4490, as read.
    issues : list of Issue

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError
        If it cannot be read.
    """
    features, _ = read_source(catalog, entry, region=region)
    issues = list(features.issues)
    survey = None if features.system.crs.is_geographic else features.system.code
    return as_zones(named_columns(features, entry), entry, survey, issues), issues
