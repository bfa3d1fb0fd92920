"""Any vector file, drawing or table of coordinates as features in CGCS2000 longitude and latitude."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.containers import Dataset, open_dataset
from lianzhou_gis.formats.foreign_formats import DRIVERS, read_foreign
from lianzhou_gis.formats.georeference import Features, ReadingKind, georeference_features
from lianzhou_gis.formats.kinds import Kind, is_database
from lianzhou_gis.formats.raw_features import RawFeatures
from lianzhou_gis.geodesy import Region
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.table import cells

__all__ = ["Features", "read_dataset", "read_features"]

# path, name for messages, layer, encoding
Reader = Callable[[Path, str, str | None, str | None], RawFeatures]

# Reader modules, each with read_<module name>; imported lazily because some are slow to load.
_READERS = {
    Kind.GEOPACKAGE: "geopackage",
    Kind.SHAPEFILE: "shapefile",
    Kind.FILEGDB: "filegdb",
    Kind.FLATGEOBUF: "flatgeobuf",
    Kind.GEOPARQUET: "geoparquet",
    Kind.GEOJSON: "geojson",
    Kind.KML: "kml",
    Kind.DXF: "dxf",
    Kind.WORKBOOK: "workbook",
    Kind.TABLE: "coordinate_table",
    Kind.WELL_KNOWN: "well_known",
}


def read_features(
    path: str | Path,
    *,
    layer: str | None = None,
    crs: CrsLike | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    region: Region | None = None,
) -> Features:
    """Read one layer of any supported format, detected from its content.

    Parameters
    ----------
    path : str or Path
        A file, a folder, a ZIP archive, or ``postgresql://user@host/database?table=schema.table``.
    layer : str, optional
        Needed where there are several: the layer, the sheet, the Shapefile in an archive, or ``name/layer``.
    crs : anything pyproj takes, optional
        Used instead of what the file declares; needed for DXF, tables, WKT and WKB.
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}, optional
        Declared datum of longitude and latitude.
    encoding : str, optional
        Of texts; decided from the bytes where not given.
    region : Region, optional
        Where coordinates must plausibly lie.

    Raises
    ------
    MissingFileError
        If there is no such file, or a Shapefile lacks a part.
    FormatError
        If it is broken, too large, or in no known format.
    ReferenceSystemError
        If the reference system is missing, unknown or impossible; ``candidates`` holds what would fit.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "a.geojson"
    ...     _ = path.write_text(json.dumps({"type": "Point", "coordinates": [112.489, 24.82]}))
    ...     features = read_features(path)
    >>> features.frame.geometry[0], features.system.datum, [issue.code for issue in features.issues]
    (<POINT (112.489 24.82)>, 'wgs84', ['datum_assumed'])
    """
    if is_database(path):
        from lianzhou_gis.formats.postgis import read_postgis

        return georeference_features(read_postgis(str(path), layer=layer), crs=crs, datum=datum, region=region)
    with open_dataset(Path(path), layer) as dataset:
        features = read_dataset(dataset, crs=crs, datum=datum, encoding=encoding, region=region)
    if features.second is not None and features.second.kind is ReadingKind.PACKED_DEGREES:
        raise FormatError.from_code("reading_ambiguous", file=dataset.name, reading=features.second.message)
    return features


def read_dataset(
    dataset: Dataset,
    *,
    crs: CrsLike | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    region: Region | None = None,
) -> Features:
    """Read a data set that was opened; see :func:`read_features`."""
    if dataset.kind is Kind.PARCEL_TXT:
        return _parcels(dataset, crs=crs, datum=datum, encoding=encoding, region=region)
    if dataset.kind.value in DRIVERS:
        raw = read_foreign(dataset.path, dataset.name, dataset.layer, encoding, form=dataset.kind.value)
    else:
        name = _READERS[dataset.kind]
        read: Reader = getattr(import_module(f"lianzhou_gis.formats.{name}"), f"read_{name}")
        raw = read(dataset.path, dataset.name, dataset.layer, encoding)
    raw.issues[:0] = dataset.issues
    raw.sha256 = dataset.sha256 or raw.sha256
    return georeference_features(raw, crs=crs, datum=datum, region=region)


def _parcels(
    dataset: Dataset,
    *,
    crs: CrsLike | None,
    datum: str | None,
    encoding: str | None,
    region: Region | None,
) -> Features:
    """Return the plots of a parcel coordinate TXT as a layer."""
    from lianzhou_gis.formats.parcel_txt import read_parcel_txt

    draft = read_parcel_txt(dataset.path, dataset.name, crs=crs, datum=datum, region=region, encoding=encoding)
    systems = list(dict.fromkeys(draft.systems))
    if len(systems) > 1:
        listed = "; ".join(system.name for system in systems)
        raise FormatError.from_code("layer_systems_mixed", file=dataset.name, systems=listed)
    # Unlike sites, zones have no gaps of their own: an unreliable plot becomes one without geometry.
    trusted = cells(None if row in draft.troubles else shape for row, shape in enumerate(draft.geometries))
    columns = draft.columns.assign(source_row=draft.rows, geometry=trusted)
    sha256 = dataset.sha256 or draft.source.sha256
    return Features(columns, systems[0], None, [*dataset.issues, *draft.issues], sha256)
