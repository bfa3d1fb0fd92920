"""Which of several layers is meant: the one there is, or the one that is named; never silently the first."""

from __future__ import annotations

from collections.abc import Sequence

from lianzhou_gis.errors import FormatError, did_you_mean

__all__ = ["choose_layer"]

_SHOWN = 8


def choose_layer(name: str, found: Sequence[str], layer: str | None, *, also: Sequence[str] = ()) -> str:
    """Return the layer that is meant.

    Parameters
    ----------
    name : str
        File, for messages.
    found : sequence of str
        Layers to choose from. A path counts by its last part as well.
    layer : str, optional
        As the user names it; case does not matter where that leaves one only.
    also : sequence of str
        Layers that are read only when they are named (tables without geometry).

    Raises
    ------
    FormatError
        If there are several and none is named, or the one that is named is not there.

    Examples
    --------
    >>> choose_layer("a.gpkg", ["sites"], None), choose_layer("a.zip", ["x/Sites", "roads"], "sites")
    ('sites', 'x/Sites')
    """
    if layer is None:
        if len(found) == 1:
            return found[0]
        if not found and not also:
            raise FormatError.from_code("container_without_layer", file=name)
        listed = _listed(found or also)
        raise FormatError.from_code("layer_unnamed", file=name, layers=listed)
    every = [*found, *also]
    if layer in every:
        return layer
    for last in (False, True):
        fitting = [
            title for title in every if (title.rsplit("/", 1)[-1] if last else title).casefold() == layer.casefold()
        ]
        if len(fitting) == 1:
            return fitting[0]
    listed = _listed(every) or "-"
    raise FormatError.from_code("layer_unknown", file=name, layer=layer, layers=listed, hint=did_you_mean(layer, every))


def _listed(titles: Sequence[str]) -> str:
    return ", ".join(titles[:_SHOWN]) + (" ..." if len(titles) > _SHOWN else "")
