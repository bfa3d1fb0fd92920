"""Content hash of a layer, independent of the order of features and of the software that wrote the file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import shapely

from lianzhou_gis.layers.layer import COLUMNS

__all__ = ["Content", "content_sha256"]

# A nanodegree is a tenth of a millimetre: the last bits of a transformation must not change the hash.
_DECIMALS = 9
_LEFT_OUT = ("layer_id", "source_row")


@dataclass(frozen=True)
class Content:
    """Summary of a whole layer, known also where only the part near a study area was read.

    Attributes
    ----------
    rows : int
    sha256 : str
        See :func:`content_sha256`; empty where only counts were asked for.
    counts : dict of str to int
        Number of distinct values of a column. ``zone_id`` counts ids as the source gives them: a repeated id is one.
    extent : tuple of float, optional
        West, south, east, north of all zones, EPSG:4490; ``None`` where none has a geometry.
    """

    rows: int
    sha256: str
    counts: dict[str, int] = field(default_factory=dict)
    extent: tuple[float, float, float, float] | None = None

    @classmethod
    def summarise(cls, zones: pd.DataFrame, columns: Iterable[str], source_ids: pd.Series | None = None) -> Content:
        """Return row count, hash and distinct counts of some columns.

        Parameters
        ----------
        zones : DataFrame
            With the columns of zones, EPSG:4490.
        columns : iterable of str
        source_ids : Series, optional
            Ids as the source gives them, by the index of ``zones``; default its ``zone_id``.
        """
        return replace(cls.count(zones, columns, source_ids), sha256=content_sha256(zones))

    @classmethod
    def count(cls, zones: pd.DataFrame, columns: Iterable[str], source_ids: pd.Series | None = None) -> Content:
        """Return row count and distinct counts only; parameters as for :meth:`summarise`."""
        ids = zones["zone_id"] if source_ids is None else source_ids.loc[zones.index]
        counts = {str(name): int(zones[name].nunique()) for name in columns if name in zones.columns}
        boxes = shapely.bounds(zones["geometry"].to_numpy(dtype=object))
        boxes = boxes[~np.isnan(boxes[:, 0])]
        extent = None
        if len(boxes):
            (west, south), (east, north) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
            extent = west, south, east, north
        return cls(len(zones), "", {**counts, "zone_id": int(ids.nunique())}, extent)


def _plain(value: object) -> object:
    """Normalise a cell across stores: booleans to 1 or 0, whole floats to integers, blank texts to ``None``."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        # Formats differ in whether a column with an empty cell can hold whole numbers.
        return int(value) if value.is_integer() else round(value, _DECIMALS)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        # Tables without a type for days have them as midnights.
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "milliseconds")
    if isinstance(value, bytes):
        return value.hex()
    # Fields of a fixed width come back with blanks behind, or with nothing but blanks.
    return str(value).rstrip() or None


def content_sha256(zones: pd.DataFrame) -> str:
    """Return the SHA-256 of zones by id: normalised geometry to a tenth of a millimetre and all attributes.

    Parameters
    ----------
    zones : DataFrame
        EPSG:4490, with the columns of zones.
    """
    names = [name for name in COLUMNS if name not in _LEFT_OUT and name in zones.columns]
    names += sorted(str(name) for name in zones.columns if name not in COLUMNS and name != zones.geometry.name)
    rounded = shapely.transform(zones.geometry.to_numpy(), lambda xy: np.round(xy, _DECIMALS) + 0.0)
    blobs = shapely.to_wkb(shapely.normalize(rounded), byte_order=1, output_dimension=2)
    records = []
    for blob, row in zip(blobs, zones[names].itertuples(index=False, name=None), strict=True):
        attributes = json.dumps([_plain(value) for value in row], ensure_ascii=False)
        records.append(hashlib.sha256((blob or b"") + attributes.encode()).digest())
    digest = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode())
    for record in sorted(records):
        digest.update(record)
    return digest.hexdigest()
