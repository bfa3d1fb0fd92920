"""The synthetic county: its generator, and where its committed output lies. All of it is invented and says so."""

from __future__ import annotations

import tempfile
from pathlib import Path

__all__ = ["build", "demo_folder"]

_LAYERS = "demo"


def build(folder: str | Path) -> Path:
    """Make the demo layers, their catalog and the demo sites anew, the same every time.

    Parameters
    ----------
    folder : path
        Gets ``layers.yaml`` and ``demo/``.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from lianzhou_gis.demo.county import grow
    from lianzhou_gis.demo.records import records
    from lianzhou_gis.demo.sites import write_sites
    from lianzhou_gis.demo.writing import write_access_list, write_catalog, write_layer

    folder = Path(folder)
    target = folder / _LAYERS
    target.mkdir(parents=True, exist_ok=True)
    county = grow()
    layers = records(county)
    for layer_id, rows in layers.items():
        write_layer(target, layer_id, rows)
    write_access_list(target / "access_list.csv")
    write_sites(target / "sites", county, layers)
    write_catalog(folder / "layers.yaml", _LAYERS, {layer_id: len(rows) for layer_id, rows in layers.items()})
    return folder


def demo_folder() -> Path:
    """Return the folder with the catalog of the demo: that of the checkout, else one made once in the user's cache.

    Returns
    -------
    pathlib.Path
        Holds ``layers.yaml`` and ``demo/sites/``.
    """
    from lianzhou_gis import __version__

    checkout = Path(__file__).parents[2] / "layers"
    if (checkout / "layers.yaml").is_file() and (checkout / _LAYERS / "sites").is_dir():
        return checkout
    cache = Path(tempfile.gettempdir()) / f"lianzhou_gis-demo-{__version__}"
    if not (cache / "layers.yaml").is_file():
        # The catalog is written last: a folder that has it is whole.
        build(cache)
    return cache
