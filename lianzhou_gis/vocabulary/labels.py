"""Labels of codes in Chinese and English, from ``labels.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lianzhou_gis.resources import read_resource


@cache
def _labels() -> dict[str, Any]:
    data: dict[str, Any] = read_resource(Path(__file__).with_name("labels.yaml"))
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
