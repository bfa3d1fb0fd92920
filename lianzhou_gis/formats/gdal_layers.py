"""One layer read by GDAL: counted, bounded, warnings captured, column names unique."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from lianzhou_gis.errors import FormatError, Issue, LianzhouError
from lianzhou_gis.formats.limits import MAX_FEATURES, refuse_count
from lianzhou_gis.formats.normalise import geometries_from_wkb
from lianzhou_gis.formats.raw_features import (
    ARC_DEGREES,
    Geometries,
    capture_warnings,
    curves_issue,
    unique_names,
    without_paths,
)

__all__ = ["GdalLayer", "layer_geometry_types", "read_gdal_layer"]

# The reader trusts counters in headers and silently drops rows beyond them; with any condition it counts rows itself.
_EVERY_ROW = "1 = 1"
_ARCS = "OGR_GEOMETRY IN ('CIRCULARSTRING', 'COMPOUNDCURVE', 'CURVEPOLYGON', 'MULTICURVE', 'MULTISURFACE')"


@dataclass
class GdalLayer:
    """A layer read by GDAL.

    Attributes
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
    columns : dict of str to array, each shape (n,)
    fields : dict of str to str
        Column to the field of the file that it comes from, where names had to be changed.
    crs : str, optional
        As GDAL names it.
    """

    geometries: Geometries
    columns: dict[str, npt.NDArray[Any]]
    fields: dict[str, str]
    crs: str | None


def read_gdal_layer(
    path: Path,
    layer: str | None,
    name: str,
    issues: list[Issue],
    *,
    encoding: str | None = None,
    counted: bool = False,
    curved: bool = False,
) -> GdalLayer:
    """Read all records of one layer.

    Parameters
    ----------
    path : Path
    layer : str, optional
        None for files of one layer.
    name : str
        For messages.
    issues : list of Issue
        More is added.
    encoding : str, optional
        Handed to GDAL.
    counted : bool
        Whether the format counts its records for certain, so that fewer mean damage.
    curved : bool
        Whether to query for arcs: GDAL linearises them without a warning.

    Raises
    ------
    FormatError
        If it cannot be read whole, or is out of bounds.
    """
    # Imported lazily: slower to load than a screening of one site.
    import pyogrio

    with capture_warnings(name, issues):
        try:
            count = pyogrio.read_info(path, layer=layer, encoding=encoding, force_feature_count=True)["features"]
            refuse_count(name, int(count), MAX_FEATURES, "features")
            with _fine_arcs():
                meta, _, blobs, values = pyogrio.raw.read(path, layer=layer, encoding=encoding, where=_EVERY_ROW)
                if curved and len(pyogrio.raw.read(path, layer=layer, columns=[], where=_ARCS, max_features=1)[2]):
                    issues.append(curves_issue(name))
        except LianzhouError:
            raise
        except UnicodeDecodeError as error:
            raise FormatError.from_code("text_not_utf8", file=name) from error
        except Exception as error:
            # Any exception of GDAL on a damaged file.
            message = _gdal_message(error)
            raise FormatError.from_code("layer_damaged", file=name, detail=message) from error
    rows = len(values[0]) if values else 0
    rows = len(blobs) if blobs is not None else rows
    if blobs is None and not values:
        raise FormatError.from_code("layer_empty", file=name)
    if counted and rows != count:
        raise FormatError.from_code("records_missing", file=name, declared=count, read=rows)
    geometries, lost = geometries_from_wkb(blobs, name, rows)
    issues.extend(lost)
    fields = [str(field) for field in meta["fields"]]
    names, renamed = unique_names(fields, ["geometry", "source_row"], name)
    issues.extend(renamed)
    return GdalLayer(
        geometries, dict(zip(names, values, strict=True)), dict(zip(names, fields, strict=True)), meta["crs"]
    )


@contextmanager
def _fine_arcs() -> Iterator[None]:
    """Set a smaller angle for the linearisation of arcs than the default 4 degrees of GDAL."""
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE")
    pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": str(ARC_DEGREES)})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": before})


def layer_geometry_types(path: Path, name: str) -> dict[str, str | None]:
    """Return the layers of a file with the kind of their geometry, None for tables without.

    Raises
    ------
    FormatError
        If GDAL cannot open it.
    """
    import pyogrio

    with capture_warnings(name, []):
        try:
            found = pyogrio.list_layers(path)
        except Exception as error:
            message = _gdal_message(error)
            raise FormatError.from_code("file_unopenable", file=name, detail=message) from error
    return {str(title): kind for title, kind in found.tolist()}


def _gdal_message(error: Exception) -> str:
    """Return the message of GDAL; errors of its Python binding are not informative."""
    return f" ({without_paths(str(error))[:120]})" if type(error).__module__.startswith("pyogrio") else ""
