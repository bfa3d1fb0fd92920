"""``layers check``: what a catalog holds, loaded for a day, and what of it does not speak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import Region
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.vocabulary import label, theme, themes
from lianzhou_gis.zones.loading import load_layers

__all__ = ["CatalogCheck", "check_catalog"]


@dataclass(frozen=True)
class CatalogCheck:
    """What ``layers check`` tells.

    Attributes
    ----------
    counts : dict of str to int
        Zones in use by layer id.
    status : dict of str to str
        ``loaded`` or the gap reason, by layer id.
    issues : tuple of Issue
        Every gap as an error, then what happened while reading.
    """

    counts: dict[str, int]
    status: dict[str, str]
    issues: tuple[Issue, ...]

    @property
    def sound(self) -> bool:
        """Whether every layer could clear a site."""
        return not any(issue.severity == "error" for issue in self.issues)


def check_catalog(catalog: Catalog, day: date, *, facts: FactVocabulary) -> CatalogCheck:
    """Load every layer of a catalog as a run of that day would, and say what is wrong with each.

    Parameters
    ----------
    catalog : Catalog
    day : datetime.date
    facts : FactVocabulary
        For the conditions of access lists.
    """
    named = {entry.theme for entry in catalog.layers}
    scope = [name for name in themes() if name in named]
    region = Region(catalog.region.name, catalog.region.bounds) if catalog.region.bounds else None
    layers = load_layers(catalog, scope, day, facts=facts, region=region)
    gaps = []
    for gap in layers.gaps:
        where = f"layer {gap.layer_id}" if gap.layer_id else theme(gap.theme).label["en"]
        where += f", zone {gap.zone_id}" if gap.zone_id else ""
        said = label("gap", gap.reason)
        gaps.append(
            Issue("error", gap.reason.value, where, f"{said['zh']}：{gap.zh}", f"{said['en']}: {gap.en}"),
        )
    return CatalogCheck(
        counts={layer.entry.id: layer.feature_count for layer in layers.layers},
        status={layer.entry.id: layer.status for layer in layers.layers},
        issues=(*gaps, *layers.issues),
    )
