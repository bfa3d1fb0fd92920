"""The catalog of layers, ``layers/layers.yaml``: read, validated and queried. No GIS library is imported."""

from __future__ import annotations

from lianzhou_gis.catalog.catalog import Catalog
from lianzhou_gis.catalog.catalog_reader import catalog_schema, validated_entry
from lianzhou_gis.catalog.entries import CatalogRegion, Elsewhere, LayerEntry, RegionFact, RiverEntry, Series

__all__ = [
    "Catalog",
    "CatalogRegion",
    "Elsewhere",
    "LayerEntry",
    "RegionFact",
    "RiverEntry",
    "Series",
    "catalog_schema",
    "validated_entry",
]
