"""The hash of what a layer says, the same whatever the order of its features and the software that wrote it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

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
    """What a whole layer holds, also where only the part near a study area was read.

    Attributes
    ----------
    rows : int
    sha256 : str
    counts : dict of str to int
        How many distinct values a column has.
    """

    rows: int
    sha256: str
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, zones: pd.DataFrame, columns: Iterable[str]) -> Content:
        """Return the content of zones, with the counts of some columns."""
        return replace(cls.counted(zones, columns), sha256=content_sha256(zones))

    @classmethod
    def counted(cls, zones: pd.DataFrame, columns: Iterable[str]) -> Content:
        """Return only the counts."""
        counts = {str(name): int(zones[name].nunique()) for name in columns if name in zones.columns}
        return cls(len(zones), "", counts)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Return a cell as all stores have it: a truth value is 1 or 0, a whole number no float, an empty text nothing."""
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
        told = json.dumps([_plain(value) for value in row], ensure_ascii=False)
        records.append(hashlib.sha256((blob or b"") + told.encode()).digest())
    digest = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode())
    for record in sorted(records):
        digest.update(record)
    return digest.hexdigest()
