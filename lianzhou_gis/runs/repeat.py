"""A run made again from the inputs in its folder, for comparison with what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import RunError
from lianzhou_gis.findings import read_overrides
from lianzhou_gis.formats import read_facts, read_sites
from lianzhou_gis.geodesy import Region
from lianzhou_gis.progress import Progress
from lianzhou_gis.runs.stored_sites import SITES, read_stored_sites
from lianzhou_gis.screening import screen

if TYPE_CHECKING:
    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.formats import Sites
    from lianzhou_gis.result import Result

__all__ = ["READING", "reading_record", "repeat"]

# How the site files were read; stands in inputs/ beside them.
READING = "reading.json"
_OPTIONS = ("layer", "crs", "datum", "corridor_width_m", "accuracy_m", "points")


def reading_record(sites: Sites, files: Mapping[str, str]) -> dict[str, Any]:
    """Return how sites were read, for ``inputs/reading.json``.

    Parameters
    ----------
    sites : Sites
    files : mapping of str to str
        Names of the copies in ``inputs/`` by the names of the sources.
    """
    return {
        "sources": sorted(files.values()),
        "in_memory": any(item.path is None for item in sites.inputs),
        "options": dict(sorted(sites.reading.items())),
    }


def repeat(
    folder: Path,
    document: Mapping[str, Any],
    catalog: Catalog,
    *,
    as_of: date | str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Screen the sites of a run again.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder.
    document : mapping
        Content of its ``result.json``.
    catalog : Catalog
        The layers.
    as_of : date or ISO text, optional
        Default the day of the run.

    Raises
    ------
    RunError
        If the folder does not hold the sites and how they were read.
    """
    inputs = folder / "inputs"
    try:
        reading = json.loads((inputs / READING).read_text(encoding="utf-8"))
        sources, options = [str(name) for name in reading["sources"]], dict(reading["options"])
        in_memory = bool(reading["in_memory"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError.from_code("run_reading_missing", folder=folder) from error
    if any(Path(name).name != name for name in sources):
        raise RunError.from_code("run_reading_missing", folder=folder)
    if in_memory:
        try:
            sites = read_stored_sites(inputs / SITES)
        except (OSError, ValueError) as error:
            raise RunError.from_code("run_reading_missing", folder=folder) from error
    elif sources:
        region = catalog.region
        box = Region(region.name, region.bounds) if region.bounds else None
        paths = [inputs / name for name in sources]
        sites = read_sites(
            paths if len(paths) > 1 else paths[0],
            region=box,
            **{name: options[name] for name in _OPTIONS if options.get(name) is not None},
        )
    else:
        raise RunError.from_code("run_reading_missing", folder=folder)
    facts, judged = inputs / "facts.yaml", inputs / "overrides.yaml"
    return screen(
        sites,
        catalog,
        facts=read_facts(facts) if facts.is_file() else None,
        as_of=as_of or document["run"]["as_of"],
        themes=document["run"]["parameters"].get("themes"),
        overrides=read_overrides(judged) if judged.is_file() else (),
        progress=progress,
    )
