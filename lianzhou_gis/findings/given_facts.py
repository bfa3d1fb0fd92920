"""Facts that nobody need be asked for: confirmed once for the region, or found from a layer that could itself clear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from lianzhou_gis.catalog import RegionFact
from lianzhou_gis.errors import FactError, Issue
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import FactVocabulary

__all__ = ["in_park_facts", "region_facts"]

PARK_THEME, IN_PARK = "industrial_park", "in_park"
# For how long an office's confirmation counts at most.
_LONGEST = timedelta(days=184)


def region_facts(
    facts: Mapping[str, RegionFact], vocabulary: FactVocabulary, day: date
) -> tuple[dict[str, Any], list[Issue]]:
    """Return what is known of all projects of a region on a day.

    Parameters
    ----------
    facts : mapping of str to RegionFact
        Of the catalog.
    vocabulary : FactVocabulary
    day : datetime.date

    Returns
    -------
    facts : dict
    issues : list of Issue
        ``region_fact_expired`` for one that is too old.

    Raises
    ------
    FactError
        For a fact that is not one of the region, or an impossible value.
    """
    found: dict[str, Any] = {}
    issues: list[Issue] = []
    for name, fact in facts.items():
        if vocabulary.find(name) is None or vocabulary.get(name).known_by != "region":
            raise FactError(
                f"图层目录 region.facts：{name} 不是由地区统一确认的项目信息",
                f"catalog region.facts: {name} is no fact that is confirmed for a region",
            )
        value, told = vocabulary.parse(name, fact.value, "region.facts")
        issues += told
        if fact.confirmed_on <= day <= min(fact.valid_to, fact.confirmed_on + _LONGEST):
            found[name] = value
        if day <= min(fact.valid_to, fact.confirmed_on + _LONGEST):
            continue
        issues.append(
            Issue(
                "warning",
                "region_fact_expired",
                "region.facts",
                f"“{vocabulary.get(name).label['zh']}”由{fact.office}于 {fact.confirmed_on} 确认（{fact.document}），"
                f"基准日 {day} 不在有效期内，按未知处理；请重新确认",
                f"{name}, confirmed by {fact.office} on {fact.confirmed_on}, does not hold on {day} and counts as "
                "unknown; have it confirmed anew",
            )
        )
    return found, issues


def in_park_facts(overlay: Overlay, *, complete: bool) -> dict[str, bool]:
    """Return which sites lie in an industrial park and which do not, where the layer of parks tells it for certain.

    Parameters
    ----------
    overlay : Overlay
    complete : bool
        Whether the layer of parks leaves nothing open: else it can say yes, and never no.

    Returns
    -------
    dict of site_id to bool
    """
    columns, ids = overlay.overlap_columns, overlay.site_ids.tolist()
    inside: set[int] = set()
    open_sites: set[int] = set()
    rows = (columns[name].tolist() for name in ("site", "theme", "relation", "doubtful", "subject"))
    for site, theme, relation, doubtful, subject in zip(*rows, strict=True):
        if theme != PARK_THEME or subject != "footprint":
            continue
        if relation == "within" and not doubtful:
            inside.add(site)
        elif doubtful or relation in ("overlap", "touch", "within"):
            open_sites.add(site)
    # Where anything about a site is uncovered the layer of parks may be.
    open_sites.update(overlay.remainder_columns["site"].tolist())
    found = {ids[site]: True for site in inside}
    if complete:
        found |= {name: False for site, name in enumerate(ids) if site not in inside and site not in open_sites}
    return found
