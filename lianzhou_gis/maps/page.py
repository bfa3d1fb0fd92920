"""The map as one HTML file: nothing is asked of the network, and no script runs but the constants of this package."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jinja2

from lianzhou_gis.maps import assets, leaflet
from lianzhou_gis.maps.payload import payload

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["content_policy", "map_page", "page"]

_TIANDITU = "https://*.tianditu.gov.cn"


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def _images(data: dict[str, Any]) -> list[str]:
    """Return where images may come from: inside the file, and from Tianditu where the user asked for it."""
    base = data["basemap"]
    return ["data:", _TIANDITU] if base and base["kind"] == "tianditu" else ["data:"]


def content_policy(scripts: list[str], styles: list[str], *, images: Sequence[str] = ("data:",)) -> str:
    """Return the Content-Security-Policy that allows these scripts, styles and places of images, nothing else.

    Examples
    --------
    >>> content_policy([], ["a"]).split("; ")[0]
    "default-src 'none'"
    """
    allowed = {
        "default-src": ["'none'"],
        "script-src": [_hash(script) for script in scripts] or ["'none'"],
        "style-src": [_hash(style) for style in styles],
        "img-src": list(images),
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in allowed.items())


def page(data: dict[str, Any]) -> str:
    """Return a map as the text of one HTML file, the same bytes for the same data.

    Parameters
    ----------
    data : dict
        What a map shows, in the form of :func:`lianzhou_gis.maps.payload.frame_of`.

    Returns
    -------
    str
        HTML with Leaflet, data, script and style inside.
    """
    from lianzhou_gis.maps.explorer import Planner, base_map  # folium takes long to load; public pages need none of it

    frame = base_map()
    frame._id, frame.bring = "1", False
    planner = Planner(data, bring=False)
    planner._id = "1"
    planner.add_to(frame)
    figure: Any = frame.get_root()
    figure.render()
    scripts = [leaflet.script(), assets.script(), "\n".join(figure.script.render().split()) + "\n"]
    styles = [leaflet.style(), assets.style()]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(assets.asset("page.html.jinja")).render(
        policy=content_policy(scripts, styles, images=_images(data)),
        title=data["title"],
        scripts=scripts,
        styles=styles,
        body=figure.html.render(),
    )


def map_page(run: Run) -> str:
    """Return the planner's map of a run as the text of one HTML file, the same bytes for the same run."""
    return page(payload(run))
