"""Water courses as a network: what lies downstream of an outfall."""

from __future__ import annotations

from lianzhou_gis.networks.downstream import SOURCE_DOWNSTREAM, SOURCE_THEME, DownstreamSearch, RiverLayer
from lianzhou_gis.networks.river_network import Flow, RiverNetwork, Stretch

__all__ = ["SOURCE_DOWNSTREAM", "SOURCE_THEME", "DownstreamSearch", "Flow", "RiverLayer", "RiverNetwork", "Stretch"]
