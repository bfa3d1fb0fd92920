"""A ground under the zones, only where asked for: Tianditu with the user's own key, or a local file inside the page.

Without one a map asks the network for nothing. Tiles in GCJ-02 lie some hundred metres off and are named so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.limits import require_existing
from lianzhou_gis.maps import picture, tile_files

__all__ = ["basemap", "with_basemap"]

_TIANDITU = {
    "tianditu": (["vec", "cva"], "天地图矢量底图"),
    "tianditu-image": (["img", "cia"], "天地图影像底图"),
    "tianditu-terrain": (["ter", "cta"], "天地图地形晕渲"),
}
_OFFSET = "底图为 GCJ-02 加偏坐标，与图层相差可达数百米"
_OFFSET_MAKERS = re.compile(r"amap|autonavi|gaode|高德|tencent|腾讯|gcj|map\.qq|baidu|百度", re.IGNORECASE)


def basemap(
    name: str, bounds: list[list[float]] | None, *, key: str | None = None, gcj02: bool = False
) -> dict[str, Any]:
    """Return a basemap as the script takes it.

    Parameters
    ----------
    name : str
        ``tianditu``, ``tianditu-image``, ``tianditu-terrain``, or the path of an MBTiles, PMTiles or GeoTIFF file.
    bounds : list of two (lat, lon) pairs or None
        What the map shows: of a file only this is put into the page.
    key : str, optional
        The user's own key for Tianditu.
    gcj02 : bool
        Whether the ground is drawn in GCJ-02.

    Returns
    -------
    dict
        With ``credit``, the words that the map prints.

    Raises
    ------
    FormatError
        Where the key is missing or malformed, or the file cannot be a basemap.
    """
    if name in _TIANDITU:
        if not key:
            raise FormatError.from_code("basemap_key_missing", name=name)
        if not re.fullmatch(r"[0-9A-Za-z]{8,64}", key):
            raise FormatError.from_code("basemap_key_malformed")
        layers, words = _TIANDITU[name]
        return {"kind": "tianditu", "layers": layers, "key": key, "credit": f"底图：{words}（联网）"}
    path = require_existing(Path(name))
    if bounds is None:
        raise FormatError.from_code("basemap_without_extent")
    suffix = path.suffix.lower()
    if suffix == ".mbtiles":
        found = tile_files.from_mbtiles(path, bounds)
    elif suffix == ".pmtiles":
        found = tile_files.from_pmtiles(path, bounds)
    elif suffix in (".tif", ".tiff"):
        found = picture.from_geotiff(path, bounds)
    else:
        raise FormatError.from_code("basemap_unknown", file=path.name)
    metadata = found.pop("metadata", "")
    credit = f"底图：{path.name}"
    if gcj02 or _OFFSET_MAKERS.search(f"{metadata} {path.name}"):
        credit += f"（{_OFFSET}）"
    return found | {"credit": credit}


def with_basemap(data: dict[str, Any], base: dict[str, Any] | None) -> dict[str, Any]:
    """Return what a map shows with a ground under it, which is credited."""
    if base is None:
        return data
    shown = {key: value for key, value in base.items() if key != "credit"}
    return data | {"basemap": shown, "imprint": [*data["imprint"], base["credit"]]}
