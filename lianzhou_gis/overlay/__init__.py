"""Zones indexed; sites x zones: relations, areas, shares, lengths, distances, totals."""

from __future__ import annotations

from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.overlay.overlay import Overlay, lay, overlay

__all__ = ["LayerIndex", "Overlay", "lay", "overlay"]
