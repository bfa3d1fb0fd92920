"""Figures for forms and papers: a run or layers on an A4 sheet, as PNG, SVG or PDF, from the style table of the maps.

Needs matplotlib, which comes with ``pip install 'lianzhou_gis[figures]'``, and a Chinese font.
"""

from __future__ import annotations

from lianzhou_gis.maps.figures.api import figure, layers_figure
from lianzhou_gis.maps.figures.export import FORMATS, refuse_other, write_figure

__all__ = ["FORMATS", "figure", "layers_figure", "refuse_other", "write_figure"]
