"""Labels of codes in Chinese and English, from ``labels.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def _labels() -> dict[str, Any]:
    text = files(__package__).joinpath("labels.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return data


def label(kind: str, code: str) -> dict[str, str]:
    """Return the label of a code as ``{"zh": ..., "en": ...}``.

    Parameters
    ----------
    kind : {"verdict", "effect", "relation", "blocks", "check", "gap"}
    code : str

    Raises
    ------
    KeyError
        For a kind or code that the vocabulary does not have.

    Examples
    --------
    >>> label("verdict", "not_assessed")["zh"]
    '未核查'
    """
    return dict(_labels()[kind][code])


DISCLAIMER: dict[str, str] = dict(_labels()["disclaimer"])
