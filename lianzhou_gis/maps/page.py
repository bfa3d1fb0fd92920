"""The map as one HTML file: nothing is asked of the network, and no script runs but the constants of this package."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import jinja2

from lianzhou_gis.maps import leaflet
from lianzhou_gis.maps.explorer import Planner, asset, base_map
from lianzhou_gis.maps.payload import payload

if TYPE_CHECKING:
    from lianzhou_gis.runs import Run

__all__ = ["content_policy", "map_page"]


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def content_policy(scripts: list[str], styles: list[str]) -> str:
    """Return the Content-Security-Policy that allows these scripts and styles, images inside the file, nothing else.

    Examples
    --------
    >>> content_policy([], ["a"]).split("; ")[0]
    "default-src 'none'"
    """
    allowed = {
        "default-src": ["'none'"],
        "script-src": [_hash(script) for script in scripts] or ["'none'"],
        "style-src": [_hash(style) for style in styles],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in allowed.items())


def map_page(run: Run) -> str:
    """Return the planner's map of a run as the text of one HTML file, the same bytes for the same run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        HTML with Leaflet, data, script and style inside.
    """
    data = payload(run)
    frame = base_map()
    frame._id = "1"
    planner = Planner(data, assets=False)
    planner._id = "1"
    planner.add_to(frame)
    figure: Any = frame.get_root()
    figure.render()
    scripts = [leaflet.script(), asset("planner.js"), "\n".join(figure.script.render().split()) + "\n"]
    styles = [leaflet.style(), asset("planner.css")]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(asset("page.html.jinja")).render(
        policy=content_policy(scripts, styles),
        title=data["title"],
        scripts=scripts,
        styles=styles,
        body=figure.html.render(),
    )
