"""The YAML files that say what lies where."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["place"]


@cache
def place(name: str) -> Any:  # noqa: ANN401 - each file has a shape of its own
    """Return the content of ``<name>.yaml`` in this folder."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
