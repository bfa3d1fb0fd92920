"""Files read and written: any vector format, the parcel coordinate TXT, tables of points, facts; encodings decided aloud."""

from __future__ import annotations

from lianzhou_gis.formats.features import Features, read_features

__all__ = ["Features", "read_features"]
