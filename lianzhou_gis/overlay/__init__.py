"""Zones indexed; sites x zones: relations, areas, shares, lengths, distances, totals."""

from __future__ import annotations

from lianzhou_gis.overlay.columns import Columns
from lianzhou_gis.overlay.ground import Ground
from lianzhou_gis.overlay.overlay import Overlay, lay, overlay

__all__ = ["Columns", "Ground", "Overlay", "lay", "overlay"]
