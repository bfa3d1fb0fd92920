"""Zones indexed; sites x zones: relations, areas, shares, lengths, distances, totals."""

from __future__ import annotations

from lianzhou_gis.overlay.overlay import Overlay, overlay

__all__ = ["Overlay", "overlay"]
