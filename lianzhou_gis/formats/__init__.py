"""Files read and written: vector formats, the parcel coordinate TXT, tables of points, facts."""

from __future__ import annotations

from lianzhou_gis.formats.facts import FactsFile, merge_facts, outfalls_from_facts, read_facts
from lianzhou_gis.formats.features import Features, read_features
from lianzhou_gis.formats.parcel_writing import write_parcel_txt
from lianzhou_gis.formats.site_drafts import SiteInput
from lianzhou_gis.formats.sites import SiteGap, Sites, read_sites

__all__ = [
    "FactsFile",
    "Features",
    "SiteGap",
    "SiteInput",
    "Sites",
    "merge_facts",
    "outfalls_from_facts",
    "read_facts",
    "read_features",
    "read_sites",
    "write_parcel_txt",
]
