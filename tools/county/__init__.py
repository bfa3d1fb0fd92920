"""Generator of the synthetic demo county in ``layers/``. All of it is invented and labelled so."""

from __future__ import annotations

from pathlib import Path

__all__ = ["build"]

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
    from tools.county.county import grow
    from tools.county.records import records
    from tools.county.sites import write_sites
    from tools.county.writing import content_hashes, write_access_list, write_catalog, write_layer, write_rivers

    folder = Path(folder)
    target = folder / _LAYERS
    target.mkdir(parents=True, exist_ok=True)
    county = grow()
    layers = records(county)
    for layer_id, rows in layers.items():
        write_layer(target, layer_id, rows)
    write_rivers(target / "rivers.gpkg", county.courses)
    write_access_list(target / "access_list.csv")
    write_sites(target / "sites", county, layers)
    catalog, counts = folder / "layers.yaml", {layer_id: len(rows) for layer_id, rows in layers.items()}
    write_catalog(catalog, _LAYERS, counts)
    # An import records the hash of what it read back; so does the generator.
    write_catalog(catalog, _LAYERS, counts, content_hashes(catalog))
    return folder
