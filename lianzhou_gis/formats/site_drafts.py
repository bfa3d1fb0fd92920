"""Sites as they come from one source, in CGCS2000, before ids are given and footprints are checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.formats.column_aliases import SITE_ALIASES
from lianzhou_gis.formats.georeference import Features, ReadingKind, SecondReading
from lianzhou_gis.formats.positions import DigitErrors
from lianzhou_gis.geodesy import CGCS2000, ReferenceSystem
from lianzhou_gis.table import Columns, cells

__all__ = ["SiteDraft", "SiteInput", "draft_from_features"]


@dataclass(frozen=True)
class SiteInput:
    """What was read: name, hash of its bytes, and where it lies if it is a file.

    Attributes
    ----------
    name : str
        File name without folder, or ``WKT``, ``geometry``, ``GeoDataFrame``.
    sha256 : str
    path : Path, optional
        For copying into a run folder; never printed.
    """

    name: str
    sha256: str
    path: Path | None = None


@dataclass
class SiteDraft:
    """The sites of one source.

    Attributes
    ----------
    name : str
        File.
    columns : Columns, n rows
        Attributes under the source's names.
    geometries : ndarray, shape (n,)
        EPSG:4490, lon/lat; None where there is none.
    systems : list of ReferenceSystem, n long
    rows : ndarray of int, shape (n,)
        Place in the source, from 1.
    places : list of str, n long
        Source position of each site, for issues (``a.txt:12``).
    area_unit : str, optional
        ``ha`` where the format fixes the unit of declared areas.
    troubles : dict of int to Message
        Why the geometry of a row cannot be trusted.
    outfalls : Features, optional
        A layer of points with ``site_id``.
    digit_errors : DigitErrors, n records
        What the numbers themselves leave open.
    second : SecondReading, optional
        The other way to read the coordinates.
    """

    name: str
    columns: Columns
    geometries: npt.NDArray[np.object_]
    systems: list[ReferenceSystem]
    rows: npt.NDArray[np.int64]
    places: list[str]
    source: SiteInput
    issues: list[Issue] = field(default_factory=list)
    area_unit: str | None = None
    troubles: dict[int, Message] = field(default_factory=dict)
    outfalls: Features | None = None
    digit_errors: DigitErrors | None = None
    second: SecondReading | None = None

    def second_draft(self) -> SiteDraft | None:
        """Return the sites as the second reading has them, None where there is one reading only."""
        if self.second is None:
            return None
        systems = self.systems
        if self.second.kind is ReadingKind.DATUM:
            systems = [ReferenceSystem(CGCS2000.crs, "GCJ-02", "gcj02")] * len(self.rows)
        return replace(self, geometries=self.second.geometries, systems=systems, issues=[], outfalls=None, second=None)


def draft_from_features(features: Features, source: SiteInput, outfalls: Features | None = None) -> SiteDraft:
    """Return the sites of a layer that was read."""
    table = features.named(word for words in SITE_ALIASES.values() for word in words).columns
    rows = np.asarray(table["source_row"], dtype=np.int64)
    return SiteDraft(
        name=source.name,
        columns=Columns(
            {name: _cells(array) for name, array in table.arrays.items() if name not in ("source_row", "geometry")}
        ),
        geometries=table["geometry"],
        systems=[features.system] * len(rows),
        rows=rows,
        places=[f"{source.name}:{row}" for row in rows],
        source=source,
        issues=list(features.issues) + (list(outfalls.issues) if outfalls else []),
        outfalls=outfalls,
        digit_errors=features.digit_errors,
        second=features.second,
    )


def _cells(array: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """Return a column as plain cells; an empty one among texts is NaN: known to be empty."""
    held = set(map(type, array)) if array.dtype == object else set()
    if array.dtype.kind in "mM" or any(issubclass(kind, date | timedelta | np.generic) for kind in held):
        import pandas as pd

        # Days and times have many forms, of which pandas makes one.
        return np.asarray(pd.Series(array).to_numpy(dtype=object))
    if str in held and held <= {str, float, type(None)} and None in (values := array.tolist()):
        if all(isinstance(cell, str) or cell is None or cell != cell for cell in values):
            return cells(np.nan if cell is None else cell for cell in values)
    return np.asarray(array, dtype=object)
