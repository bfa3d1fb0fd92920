"""Control layers: catalog entries as checked, repaired zones of the right edition, with all that does not speak."""

from __future__ import annotations

from lianzhou_gis.cache import Cache
from lianzhou_gis.layers.layer import COLUMNS, Layer, LayerGap, Layers
from lianzhou_gis.layers.loader import load_layers

__all__ = ["COLUMNS", "Cache", "Layer", "LayerGap", "Layers", "load_layers"]
