"""The two figures there are: of a run, around all its sites or one; of the layers of a catalog on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.maps.figures.scene import scene_of_layers, scene_of_run
from lianzhou_gis.maps.figures.sheet import figure_of
from lianzhou_gis.rulebook import day_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lianzhou_gis.result import Result
    from lianzhou_gis.runs import Run

__all__ = ["figure", "layers_figure"]


def figure(
    result: Result | Run,
    site: str | None = None,
    *,
    themes: Sequence[str] | None = None,
    font: str | Path | None = None,
) -> Figure:
    """Return a run as a figure of A4 size: all its sites, or one with the county in a corner.

    Parameters
    ----------
    result : Result or Run
    site : str, optional
        ``site_id`` of the site that the figure is about.
    themes : sequence of str, optional
        Which themes are drawn; default those that a map shows at first, and those that bind the site. What is left
        out is named under the map.
    font : path, optional
        A font file; default the first Chinese font that is installed.

    Returns
    -------
    matplotlib Figure
        :func:`lianzhou_gis.maps.figures.write_figure` writes it, the same bytes every time.

    Raises
    ------
    MissingExtraError
        If matplotlib or a Chinese font is not installed.
    FormatError
        If there is no such site or theme, or no font has a character that is used.
    """
    from lianzhou_gis.runs import Run

    run = result if isinstance(result, Run) else Run.of(result)
    return figure_of(scene_of_run(run, site, themes), font=font)


def layers_figure(
    catalog: Catalog | str | Path,
    *,
    as_of: date | str | None = None,
    themes: Sequence[str] | None = None,
    font: str | Path | None = None,
) -> Figure:
    """Return the layers of a catalog on a day as a figure; parameters as those of ``catalog_map`` and ``figure``."""
    opened = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
    day = day_of(as_of)
    layers = opened.load(as_of=day, themes=themes)
    scene = scene_of_layers(layers, f"{opened.region.name}环境管控图层图", f"{day} 有效的图层", themes)
    return figure_of(scene, font=font)
