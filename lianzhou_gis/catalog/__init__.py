"""What layers there are: ``layers/layers.yaml`` read, checked and asked. No GIS library is imported."""

from __future__ import annotations

from lianzhou_gis.catalog.catalog import Catalog
from lianzhou_gis.catalog.entries import CatalogRegion, LayerEntry, Series

__all__ = ["Catalog", "CatalogRegion", "LayerEntry", "Series"]
