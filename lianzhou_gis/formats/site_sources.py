"""Drafts of sites from files, WKT, geometries, GeoJSON dicts and GeoDataFrames."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
import shapely

from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.containers import Dataset, open_dataset
from lianzhou_gis.formats.features import read_dataset, read_features
from lianzhou_gis.formats.georeference import Features, georeference_features
from lianzhou_gis.formats.kinds import WKT, Kind, is_database
from lianzhou_gis.formats.raw_features import RawFeatures
from lianzhou_gis.formats.site_drafts import SiteDraft, SiteInput, draft_from_features
from lianzhou_gis.geodesy import Region
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.table import Columns, cells

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["SiteSource", "read_drafts"]

SiteSource: TypeAlias = "str | Path | shapely.Geometry | Mapping[str, Any] | gpd.GeoDataFrame | Sequence[SiteSource]"

_SITES, _OUTFALLS = "sites", "outfalls"
_WKT = "WKT"


def read_drafts(
    source: SiteSource,
    *,
    layer: str | None,
    crs: CrsLike | None,
    datum: str | None,
    region: Region | None,
) -> Iterator[SiteDraft]:
    """Yield a draft for every source.

    Parameters
    ----------
    source : path, database URL, WKT, shapely geometry, GeoJSON as a dict, GeoDataFrame or list of any of these
    layer, crs, datum, region
        As :func:`lianzhou_gis.read_sites` takes them.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError
        Naming the source and what to do.
    """
    if isinstance(source, list | tuple):
        if not source:
            raise FormatError.from_code("sites_missing")
        for one in source:
            yield from read_drafts(one, layer=layer, crs=crs, datum=datum, region=region)
    elif isinstance(source, Mapping):
        yield _of_mapping(source, crs=crs, datum=datum, region=region)
    elif _is_geodataframe(source):
        yield _of_frame(source, crs=crs, datum=datum, region=region)
    elif isinstance(source, shapely.Geometry):
        yield _of_geometries([source], {}, "geometry", None, crs=crs, datum=datum, region=region)
    elif isinstance(source, str) and WKT.match(source):
        yield _of_wkt(source, crs=crs, datum=datum, region=region)
    elif isinstance(source, str) and is_database(source):
        from lianzhou_gis.formats.postgis_source import PostgisSource

        features = read_features(source, layer=layer, crs=crs, datum=datum, region=region)
        name = PostgisSource.from_url(source, layer).name
        yield draft_from_features(features, SiteInput(name, features.sha256, None))
    elif isinstance(source, str | Path):
        yield _of_file(Path(source), layer=layer, crs=crs, datum=datum, region=region)
    else:
        raise FormatError.from_code("site_source_unsupported", type=type(source).__name__)


def _is_geodataframe(source: object) -> TypeGuard[gpd.GeoDataFrame]:
    # Without geopandas loaded there can be no such table; it is slow to import.
    module = sys.modules.get("geopandas")
    return module is not None and isinstance(source, module.GeoDataFrame)


def _of_file(
    path: Path,
    *,
    layer: str | None,
    crs: CrsLike | None,
    datum: str | None,
    region: Region | None,
) -> SiteDraft:
    with open_dataset(path, layer) as dataset:
        # Of a folder only the one data set that was read belongs to the run.
        chosen = dataset.path if path.is_dir() else path
        if dataset.kind is Kind.PARCEL_TXT:
            from lianzhou_gis.formats.parcel_txt import read_parcel_txt

            draft = read_parcel_txt(dataset.path, dataset.name, crs=crs, datum=datum, region=region)
            draft.issues[:0] = dataset.issues
            source = SiteInput(chosen.name, dataset.sha256 or draft.source.sha256, chosen)
            return replace(draft, name=source.name, source=source)
        dataset, outfalls = _sites_among(dataset, crs=crs, datum=datum, region=region)
        features = read_dataset(dataset, crs=crs, datum=datum, region=region)
    return draft_from_features(features, SiteInput(chosen.name, features.sha256, chosen), outfalls)


def _sites_among(
    dataset: Dataset,
    *,
    crs: CrsLike | None,
    datum: str | None,
    region: Region | None,
) -> tuple[Dataset, Features | None]:
    """Choose the layer ``sites`` of a database, and read its outfalls, where no other layer is named."""
    if dataset.layer is not None or dataset.kind not in (Kind.GEOPACKAGE, Kind.FILEGDB):
        return dataset, None
    if dataset.kind is Kind.GEOPACKAGE:
        from lianzhou_gis.formats.geopackage import feature_layers

        found = feature_layers(dataset.path, dataset.name)
    else:
        from lianzhou_gis.formats.filegdb import filegdb_layers

        found = list(filegdb_layers(dataset.path, dataset.name))
    if _SITES not in found:
        return dataset, None
    outfalls = None
    if _OUTFALLS in found:
        outfalls = read_dataset(replace(dataset, layer=_OUTFALLS), crs=crs, datum=datum, region=region)
    return replace(dataset, layer=_SITES), outfalls


def _of_mapping(data: Mapping[str, Any], *, crs: CrsLike | None, datum: str | None, region: Region | None) -> SiteDraft:
    """Read GeoJSON that is in memory as its text would be read."""
    from lianzhou_gis.formats.geojson import parse_geojson

    name = "GeoJSON"
    try:
        text = json.dumps(data, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = type(error).__name__
        raise FormatError.from_code("dict_not_geojson", file=name, problem=problem) from error
    raw = parse_geojson(text, name, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), [])
    features = georeference_features(raw, crs=crs, datum=datum, region=region)
    return draft_from_features(features, SiteInput(name, features.sha256, None))


def _of_wkt(text: str, *, crs: CrsLike | None, datum: str | None, region: Region | None) -> SiteDraft:
    from lianzhou_gis.formats.well_known import geometry_from_wkt, split_srid

    body, srid = split_srid(text.strip())
    geometry = geometry_from_wkt(body)
    if geometry is None:
        shown = text[:60]
        raise FormatError.from_code("wkt_invalid", text=shown)
    return _of_geometries([geometry], {}, _WKT, srid, crs=crs, datum=datum, region=region)


def _of_frame(frame: gpd.GeoDataFrame, *, crs: CrsLike | None, datum: str | None, region: Region | None) -> SiteDraft:
    try:
        geometry = frame.geometry
    except AttributeError as error:
        raise FormatError.from_code("frame_without_geometry") from error
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FormatError.from_code("frame_columns_repeated", columns=repeated)
    columns = {
        name: frame.iloc[:, position].to_numpy(dtype=object)
        for position, name in enumerate(names)
        if name != str(geometry.name)
    }
    return _of_geometries(list(geometry), columns, "GeoDataFrame", frame.crs, crs=crs, datum=datum, region=region)


def _of_geometries(
    geometries: list[Any],
    columns: dict[str, Any],
    name: str,
    declared: CrsLike | None,
    *,
    crs: CrsLike | None,
    datum: str | None,
    region: Region | None,
) -> SiteDraft:
    shapes = np.empty(len(geometries), dtype=object)
    shapes[:] = geometries
    blobs = shapely.to_wkb(shapes, byte_order=1)
    attributes = repr([(key, [str(value) for value in values]) for key, values in sorted(columns.items())])
    digest = hashlib.sha256(b"".join(blob or b"" for blob in blobs) + attributes.encode("utf-8", "replace")).hexdigest()
    # pandas marks what is missing in many ways; a cell is a value or None.
    cleaned = {
        key: cells(map(_cell, values)) for key, values in columns.items() if key not in ("source_row", "geometry")
    }
    raw = RawFeatures(
        name=name,
        columns=cleaned,
        geometries=shapes,
        crs=declared,
        encoding=None,
        sha256=digest,
        doubles=name != _WKT,
    )
    features = georeference_features(raw, crs=crs, datum=datum, region=region)
    return replace(draft_from_features(features, SiteInput(name, digest, None)), columns=Columns(cleaned))


def _cell(value: object) -> object:
    if value is None or isinstance(value, shapely.Geometry | list | tuple | dict):
        return value
    import pandas as pd

    return None if pd.isna(value) else value  # type: ignore[call-overload]
