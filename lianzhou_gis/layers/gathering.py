"""What gathers while the layers of a day are loaded: gaps, issues, days on which other zones come into force."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lianzhou_gis.cache import Cache
from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.geodesy import Plane, Region, StudyArea
from lianzhou_gis.layers.coverage import DeclaredCoverage
from lianzhou_gis.layers.layer import COLUMNS, Layer, LayerGap
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import GapReason

__all__ = ["Loading"]


@dataclass
class Loading:
    """What gathers while layers are loaded.

    Attributes
    ----------
    coverages : dict of str to DeclaredCoverage
        By the text of the entry: many layers share that of the county.
    administrative_gaps : list of LayerGap
        Of the administrative layers, whether in scope or not: every layer whose coverage rests on them has them too.
    """

    catalog: Catalog
    day: date
    region: Region | None
    study: StudyArea | None
    plane: Plane
    facts: FactVocabulary
    gaps: list[LayerGap]
    issues: list[Issue]
    cache: Cache
    turns: list[date] = field(default_factory=list)
    coverages: dict[str, DeclaredCoverage] = field(default_factory=dict)
    administrative_gaps: list[LayerGap] = field(default_factory=list)

    def gap(self, reason: GapReason, entry: LayerEntry, message: Message, **more: Any) -> LayerGap:  # noqa: ANN401 - fields of LayerGap
        """Record and return a gap; further fields of it by name."""
        gap = LayerGap(reason, entry.theme, entry.id, message, **more)
        self.gaps.append(gap)
        return gap

    def failed(self, entry: LayerEntry, reason: GapReason, message: Message) -> Layer:
        """Record why a layer cannot be used, and return it empty."""
        self.gap(reason, entry, message)
        return Layer(entry, Columns({name: cells([]) for name in (*COLUMNS, "geometry")}), reason.value)
