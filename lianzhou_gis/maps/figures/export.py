"""A figure as a file, the same bytes for the same figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import FormatError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "refuse_other", "write_figure"]

# What would tell the moment or the machine is left out.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": "lianzhou_gis"},
    ".pdf": {"CreationDate": None, "ModDate": None, "Producer": "lianzhou_gis", "Creator": "lianzhou_gis"},
}
_DPI = 200
_FIXED: Any = {"svg.hashsalt": "lianzhou_gis", "svg.fonttype": "path", "pdf.fonttype": 3, "hatch.linewidth": 0.45}


def refuse_other(path: str | Path) -> str:
    """Return how a figure of that name is written; refuse other endings before anything is drawn.

    Raises
    ------
    FormatError
        If it ends in anything but ``.png``, ``.svg`` or ``.pdf``.

    Examples
    --------
    >>> refuse_other("site.PNG")
    '.png'
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in FORMATS:
        raise FormatError.from_code("figure_format_unknown", file=target.name, formats=list(FORMATS))
    return kind


def write_figure(figure: Figure, path: str | Path, *, dpi: int = _DPI) -> Path:
    """Write a figure as PNG, SVG or PDF, by the ending of the name.

    Parameters
    ----------
    figure : matplotlib Figure
    path : path
    dpi : int
        Dots per inch of a PNG, and of what is no line in the others.

    Raises
    ------
    FormatError
        For another ending.
    """
    from matplotlib import rc_context

    target, kind = Path(path), refuse_other(path)
    with rc_context(_FIXED):
        figure.savefig(target, format=kind[1:], dpi=dpi, metadata=FORMATS[kind])
    return target
