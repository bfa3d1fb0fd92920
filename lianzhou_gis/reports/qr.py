"""The QR code at the foot of a page: the run and its seal as plain text."""

from __future__ import annotations

from functools import lru_cache

from lianzhou_gis.errors import extra

__all__ = ["qr_svg"]


@lru_cache(maxsize=64)
def qr_svg(text: str) -> str:
    """Return a text as a QR code (error correction M) in SVG.

    Raises
    ------
    MissingExtraError
        If segno is not installed.
    """
    code = extra("segno", "reports").make_qr(text, error="m")
    svg: str = code.svg_inline(scale=4, border=2, omitsize=True)
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) if "xmlns" not in svg else svg
