"""Public maps that give nothing away: a profile says what is public, all else is absent, attacks are measured."""

from __future__ import annotations

from lianzhou_gis.maps.disclosure.profile import Profile, profile_at, read_profile
from lianzhou_gis.maps.disclosure.publishing import make_publication, publish
from lianzhou_gis.maps.disclosure.sources import Source, open_source
from lianzhou_gis.maps.disclosure.verify import check_publication, day_of_publication

__all__ = [
    "Profile", "Source", "check_publication", "day_of_publication", "make_publication", "open_source", "profile_at",
    "publish", "read_profile",
]  # fmt: skip
