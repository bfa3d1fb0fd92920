"""Where may it be built? Constraint screening of proposed sites in Lianzhou (连州市).

Names resolve on first use, so that ``import lianzhou_gis`` loads no GIS library.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.errors import Issue, LianzhouError
    from lianzhou_gis.formats import Sites, read_sites, write_parcel_txt
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Rulebook
    from lianzhou_gis.screening import Screener, screen

__version__ = "0.1.0"

_HOMES = {
    "Catalog": "lianzhou_gis.catalog",
    "Issue": "lianzhou_gis.errors",
    "LianzhouError": "lianzhou_gis.errors",
    "Result": "lianzhou_gis.result",
    "Rulebook": "lianzhou_gis.rulebook",
    "Screener": "lianzhou_gis.screening",
    "Sites": "lianzhou_gis.formats",
    "read_sites": "lianzhou_gis.formats",
    "screen": "lianzhou_gis.screening",
    "write_parcel_txt": "lianzhou_gis.formats",
}

__all__ = [
    "Catalog",
    "Issue",
    "LianzhouError",
    "Result",
    "Rulebook",
    "Screener",
    "Sites",
    "__version__",
    "read_sites",
    "screen",
    "write_parcel_txt",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'lianzhou_gis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


if "geopandas" in sys.modules:
    import_module("lianzhou_gis.accessor")
