"""Leaflet as installed from its package, with its images inside the style sheet, so that nothing asks the network."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

__all__ = ["data_uri", "script", "style"]

_TYPES = {".png": "image/png", ".js": "text/javascript", ".css": "text/css"}


def _folder() -> Path:
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR)


def data_uri(content: bytes, suffix: str) -> str:
    """Return content as a data URI; the type follows from the suffix.

    Examples
    --------
    >>> data_uri(b"a", ".js")
    'data:text/javascript;base64,YQ=='
    """
    return f"data:{_TYPES[suffix]};base64,{base64.b64encode(content).decode('ascii')}"


@cache
def script() -> str:
    """Return Leaflet's script, without the reference to its source map."""
    text = (_folder() / "leaflet.js").read_text(encoding="utf-8")
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", text)


@cache
def style() -> str:
    """Return Leaflet's style sheet with every image as a data URI."""
    folder = _folder()

    def embed(match: re.Match[str]) -> str:
        name = match.group(1).strip("'\"")
        if name.startswith(("#", "data:")):
            return match.group(0)
        return f"url({data_uri((folder / name).read_bytes(), Path(name).suffix)})"

    return re.sub(r"url\(([^)]+)\)", embed, (folder / "leaflet.css").read_text(encoding="utf-8"))
