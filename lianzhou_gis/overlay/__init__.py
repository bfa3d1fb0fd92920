"""Zones indexed; sites x zones: relations, areas, shares, lengths, distances, totals."""

from __future__ import annotations

from lianzhou_gis.overlay.ground import Ground
from lianzhou_gis.overlay.overlay import Overlay, lay, overlay

__all__ = ["Ground", "Overlay", "lay", "overlay"]
