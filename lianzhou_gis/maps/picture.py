"""A GeoTIFF as one picture under the map, in the projection that the map is drawn in."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError, ReferenceSystemError

__all__ = ["from_geotiff"]

Raster = npt.NDArray[np.number[Any]]

_SIDE = 1600
_WORLD = 6378137.0


def from_geotiff(path: Path, bounds: list[list[float]]) -> dict[str, Any]:
    """Return the part of a GeoTIFF under an area as a PNG in the page.

    Raises
    ------
    ReferenceSystemError
        If the file has no reference system.
    FormatError
        If it cannot be read, or does not reach the area.
    """
    import rasterio
    from rasterio.enums import ColorInterp, Resampling
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile
    from rasterio.transform import from_bounds
    from rasterio.vrt import WarpedVRT

    (south, west), (north, east) = bounds
    box = (_x(west), _y(south), _x(east), _y(north))
    wide, high = box[2] - box[0], box[3] - box[1]
    width = _SIDE if wide >= high else max(1, round(_SIDE * wide / high))
    height = _SIDE if high >= wide else max(1, round(_SIDE * high / wide))
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise ReferenceSystemError.from_code("geotiff_without_crs", file=path.name)
            place = from_bounds(*box, width, height)
            # Without an alpha band what lies beyond the file would count as drawn.
            bare = source.nodata is None and ColorInterp.alpha not in source.colorinterp
            with WarpedVRT(
                source,
                crs="EPSG:3857",
                transform=place,
                width=width,
                height=height,
                resampling=Resampling.bilinear,
                add_alpha=bare,
            ) as warped:
                shown = warped.read(list(range(1, 4)) if source.count >= 3 else [1]).astype(np.float64)
                # The mask of a warped file does not know of an alpha band that was added to it.
                alpha = list(warped.colorinterp).index(ColorInterp.alpha) + 1 if bare else None
                mask = (warped.read(alpha) > 0) * np.uint8(255) if alpha else warped.dataset_mask()
            colours = None
            if source.count == 1 and source.colorinterp[0] is ColorInterp.palette:
                colours = np.array([source.colormap(1).get(value, (0, 0, 0, 255))[:3] for value in range(256)])
    except RasterioError as error:
        raise FormatError.from_code("geotiff_unreadable", file=path.name) from error
    if not mask.any():
        raise FormatError.from_code("basemap_elsewhere", file=path.name)
    pixels = np.concatenate([_bytes(shown, mask, colours), mask[None]]).astype(np.uint8)
    with MemoryFile() as memory:
        with memory.open(driver="PNG", width=width, height=height, count=4, dtype="uint8") as target:
            target.write(pixels)
        content = memory.read()
    return {
        "kind": "picture",
        "picture": f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}",
        "bounds": bounds,
    }


def _bytes(shown: Raster, mask: Raster, colours: Raster | None) -> Raster:
    """Return red, green and blue; heights and the like become greys between their 2nd and 98th percentile."""
    if colours is not None:
        picture: Raster = colours[np.clip(shown[0], 0, 255).astype(int)].transpose(2, 0, 1)
        return picture
    if len(shown) == 3 and shown.max() <= 255:
        return shown
    low, high = np.percentile(shown[:, mask > 0], (2, 98))
    grey = np.clip((shown - low) / max(high - low, 1e-9), 0, 1) * 255
    return grey if len(grey) == 3 else np.repeat(grey, 3, axis=0)


def _x(longitude: float) -> float:
    return math.radians(longitude) * _WORLD


def _y(latitude: float) -> float:
    return math.asinh(math.tan(math.radians(latitude))) * _WORLD
