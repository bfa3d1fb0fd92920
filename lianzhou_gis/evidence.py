"""One finding with what it rests on: the site, the zone, the piece of the one that lies in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import RunError, did_you_mean

if TYPE_CHECKING:
    import folium

    from lianzhou_gis.findings import Finding
    from lianzhou_gis.result import Result

__all__ = ["Evidence", "evidence_of"]


@dataclass(frozen=True)
class Evidence:
    """A finding in its run.

    Attributes
    ----------
    finding : Finding
        The rule, its effect, articles, action and measures.
    site, zone : shapely geometry or None
        EPSG:4490; no zone where facts alone decide.
    """

    finding: Finding
    site: Any
    zone: Any
    result: Result

    def __repr__(self) -> str:
        found = self.finding
        where = f" through {found.zone_id}" if found.zone_id else ""
        return f"<Evidence {found.finding_id}: {found.rule_id} ({found.effect.value}) on {found.site_id}{where}>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import evidence_card

        return evidence_card(self)

    def explore(self) -> folium.Map:
        """Return the map of the run, looking at the site and the piece that this is about."""
        from lianzhou_gis.maps import explore

        piece = self.finding.geometry
        return explore(self.result, towards=[shape for shape in (self.site, piece) if shape is not None])


def evidence_of(result: Result, finding_id: str) -> Evidence:
    """Return a finding of a result with its site and zone.

    Raises
    ------
    RunError
        If the result has no finding of that id.
    """
    found = {item.finding_id: item for item in result.assessment.finding_records}
    if finding_id not in found:
        hint = did_you_mean(finding_id, found)
        raise RunError.from_code("finding_unknown", finding=finding_id, hint=hint)
    finding = found[finding_id]
    sites = result.sites_in.table.set_index("site_id")["geometry"]
    zones = result.overlay.zones_shown
    zone = zones[(zones["layer_id"] == finding.layer_id) & (zones["zone_id"] == finding.zone_id)]["geometry"]
    return Evidence(finding, sites[finding.site_id], zone.iloc[0] if len(zone) else None, result)
