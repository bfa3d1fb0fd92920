"""Zones indexed; sites x zones: relations, areas, shares, lengths, distances, totals."""

from __future__ import annotations

from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.overlay.rows import MarginRow, NearestRow, OverlapRow, RemainderRow, TotalRow
from lianzhou_gis.overlay.site_overlay import Overlay, overlay_layers, overlay_sites

__all__ = [
    "LayerIndex",
    "MarginRow",
    "NearestRow",
    "OverlapRow",
    "Overlay",
    "RemainderRow",
    "TotalRow",
    "overlay_layers",
    "overlay_sites",
]
