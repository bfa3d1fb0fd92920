"""Reads one layer of a vector file in a process of its own, bounded in time, memory and output, without network.

Run as a script with the path of the file, the driver, the layer or an empty text, and the path of the output. The
output holds one JSON object a line: the head, then the records, then their count. Nothing of the package is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import sys
from collections.abc import Collection
from pathlib import Path

_MEMORY_BYTES = 3 * 2**30
_OUTPUT_BYTES = 2**30
_CPU_S = 60
_MOST_LAYERS = 200
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
# What a GPS records twice: the points of tracks and routes that are lines already.
_POINTS_OF_LINES = {"track_points": "tracks", "route_points": "routes"}


def bound_process() -> None:
    """Bound memory, time and output of this process, and cut it off from the network where the system allows it."""
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, _OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK)


def layers_of(path: str, driver: str) -> dict[str, int]:
    """Return the layers of a file that hold records, and how many."""
    import fiona

    found: dict[str, int] = {}
    for number in range(_MOST_LAYERS):
        try:
            # The first layer has no number of its own there.
            with fiona.open(path, layer=number or None, enabled_drivers=[driver]) as source:
                count = count_of(source)
                title = source.name
        except (ValueError, fiona.errors.FionaError):
            break
        if count:
            found[str(title)] = count
    return {title: count for title, count in found.items() if _POINTS_OF_LINES.get(title) not in found}


def count_of(source: Collection[object]) -> int:
    """Return how many records a layer holds; drivers that cannot count are read through."""
    try:
        return len(source)
    except TypeError:
        return sum(1 for _ in source)


def plain(value: object) -> object:
    """Return a value that JSON has; other kinds as text, bytes as None."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return None if isinstance(value, bytes | memoryview) else str(value)


def write_layer(path: str, driver: str, layer: str, output: Path) -> None:
    """Write head, records and count of a layer, or the names of the layers where several could be meant."""
    import fiona
    import shapely
    from shapely.geometry import shape

    layers = layers_of(path, driver)
    chosen = layer or (next(iter(layers)) if len(layers) == 1 else "")
    with output.open("w", encoding="utf-8") as sink:
        if chosen not in layers:
            sink.write(json.dumps({"layers": list(layers)}) + "\n")
            return
        with fiona.open(path, layer=chosen, enabled_drivers=[driver]) as source:
            fields = list(source.schema["properties"])
            head = {"layer": chosen, "fields": fields, "crs": source.crs_wkt or None, "count": layers[chosen]}
            sink.write(json.dumps(head) + "\n")
            written = 0
            for record in source:
                geometry = shapely.to_wkb(shape(record.geometry), hex=True) if record.geometry is not None else None
                values = [plain(record.properties.get(field)) for field in fields]
                sink.write(json.dumps({"geometry": geometry, "values": values}, ensure_ascii=False) + "\n")
                written += 1
            sink.write(json.dumps({"end": written}) + "\n")


if __name__ == "__main__":
    bound_process()
    write_layer(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
