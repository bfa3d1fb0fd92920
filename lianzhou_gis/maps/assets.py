"""The constants of the package that a page is made of: one script joined from files by purpose, one style sheet."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["asset", "script", "style"]

# In order of use: a file uses only earlier ones.
_SCRIPTS = (
    "elements", "ellipsoid", "shapes", "patterns", "zones", "sites", "search", "panel", "findings", "legend", "tools",
    "twin", "basemap", "planner",
)  # fmt: skip


@cache
def asset(name: str) -> str:
    """Return a script, style sheet or template of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def script() -> str:
    """Return the whole script: the files in one closure, of which only ``lianzhouPlanner`` is seen outside."""
    body = "".join(asset(f"scripts/{name}.js") for name in _SCRIPTS)
    return f'(function () {{\n"use strict";\n{body}}})();\n'


def style() -> str:
    """Return the style sheet."""
    return asset("planner.css")
