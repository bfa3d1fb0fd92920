"""One engine, one workload, one process: which sites meet which zones, and with how much area.

    python benchmarks/engines.py ENGINE FOLDER SITES [ANSWERS.npz]

Prints one line of JSON: seconds, those of the processor too, peak memory, pairs and areas by layer. Every engine reads
the same Parquet files, already in the plane, before the clock starts; spatial indexes of the Python engines are built
while it runs. With ANSWERS every pair with its area is written, for the comparison of engines.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from workload import LAYERS, layer_file, read_blocks, read_shapes, site_file

__all__ = ["ENGINES"]

CORES = os.cpu_count() or 1
CHUNK = 1_000
# What only touches is a matter of the last bits: pairs are counted from a square decimetre.
COUNTS_M2 = 0.01
# By layer sites, zones and areas; where they were written away meanwhile, how many pairs and what area.
Answers = dict[str, tuple[Any, Any, Any]]
Sums = dict[str, tuple[int, float]]


class Taken(NamedTuple):
    """Seconds by the clock, of the processor (None: spent in other processes), and on the index of the zones."""

    seconds: float
    cpu: float | None
    index: float | None = None


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(started: tuple[float, float], index: float | None = None) -> Taken:
    return Taken(time.perf_counter() - started[0], time.process_time() - started[1], index)


def _split(site: Any, zone: Any, area: Any, counts: list[int]) -> Answers:  # noqa: ANN401 - arrays
    """Return pairs by layer where zones were numbered through all layers."""
    first = np.cumsum([0, *counts])
    layer = np.searchsorted(first, zone, side="right") - 1
    return {
        name: (site[layer == number], zone[layer == number] - first[number], area[layer == number])
        for number, name in enumerate(LAYERS)
    }


def _pairs(blocks: Iterator[Any], index: Any, geometry: bool) -> Iterator[Any]:  # noqa: ANN401
    """Yield pairs chunk by chunk, found on all cores; the pieces of a chunk are let go when the next one comes."""
    from lianzhou_gis.overlay.intersecting_pairs import intersecting_pairs

    def one(start: int, sites: Any) -> Any:  # noqa: ANN401
        pairs = intersecting_pairs(sites, index)
        if geometry:
            assert len(pairs.shapes) == len(pairs.site)
        kept = pairs.area_m2 > 0.0
        site, zone = ((part[kept]).astype(np.int32) for part in (pairs.site + start, pairs.zone))
        return site, zone, pairs.area_m2[kept]

    first = 0
    with ThreadPoolExecutor(CORES) as pool:
        running: deque[Future[Any]] = deque()
        for block in blocks:
            # Few sites are shared out too.
            size = min(CHUNK, -(-len(block) // CORES))
            for place in range(0, len(block), size):
                running.append(pool.submit(one, first, block[place : place + size]))
                first += len(block[place : place + size])
                if len(running) > 2 * CORES:
                    yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _all_pairs(sites: Any, index: Any, geometry: bool) -> tuple[Any, Any, Any]:  # noqa: ANN401
    site, zone, area = (np.concatenate(part) for part in zip(*_pairs(iter([sites]), index, geometry), strict=True))
    return site, zone, area


def _index(zones: list[Any]) -> Any:  # noqa: ANN401
    from lianzhou_gis.overlay.shape_index import ShapeIndex

    with ThreadPoolExecutor(CORES) as pool:
        return ShapeIndex.concatenate(list(pool.map(ShapeIndex.build, zones)))


def _ours(folder: Path, count: int, geometry: bool) -> tuple[Taken, Answers]:
    zones = [read_shapes(layer_file(folder, name)) for name in LAYERS]
    sites = read_shapes(site_file(folder, count))
    counts = [len(own) for own in zones]
    started = _now()
    index = _index(zones)
    # The index holds all that it needs of them.
    zones.clear()
    indexed = _since(started).seconds
    found = _all_pairs(sites, index, geometry)
    return _since(started, indexed), _split(*found, counts)


def ours_areas(folder: Path, count: int) -> tuple[Taken, Answers]:
    """Areas only."""
    return _ours(folder, count, False)


def ours_geometry(folder: Path, count: int) -> tuple[Taken, Answers]:
    """Areas and the geometry of every overlap."""
    return _ours(folder, count, True)


def ours_warm(folder: Path, count: int) -> tuple[Taken, Answers]:
    """Areas only, the index from the cache on disk: loading it counts, building it does not."""
    from lianzhou_gis.layers import Cache
    from lianzhou_gis.overlay.shape_index import ShapeIndex

    cache, sizes = Cache(folder / "cache"), []
    for name in LAYERS:
        zones = read_shapes(layer_file(folder, name))
        sizes.append(len(zones))
        if cache.get("bench", {"layer": name}) is None:
            cache.put("bench", {"layer": name}, name, {}, ShapeIndex.build(zones).arrays())
        del zones
    sites = read_shapes(site_file(folder, count))
    started = _now()
    with ThreadPoolExecutor(CORES) as pool:
        kept = list(pool.map(lambda name: cache.get("bench", {"layer": name}), LAYERS))
    index = ShapeIndex.concatenate([ShapeIndex.from_arrays(one.arrays) for one in kept if one is not None])
    loaded = _since(started).seconds
    found = _all_pairs(sites, index, False)
    return _since(started, loaded), _split(*found, sizes)


def ours_stream(folder: Path, count: int) -> tuple[Taken, Sums]:
    """Areas only, sites streamed from the file and pairs into one: reading and writing count, the index does not."""
    zones = [read_shapes(layer_file(folder, name)) for name in LAYERS]
    counts = [len(own) for own in zones]
    index = _index(zones)
    zones.clear()
    sums = dict.fromkeys(LAYERS, (0, 0.0))
    started = _now()
    with (folder / f"stream-{count}.pairs").open("wb") as stream:
        for site, zone, area in _pairs(read_blocks(site_file(folder, count), 4 * CHUNK), index, False):
            for column in (site, zone, area):
                stream.write(column.tobytes())
            for name, (_, _, own) in _split(site, zone, area, counts).items():
                real = own > COUNTS_M2
                sums[name] = sums[name][0] + int(real.sum()), sums[name][1] + float(own[real].sum())
    return _since(started), sums


def _frames(folder: Path, count: int) -> tuple[Any, dict[str, Any]]:
    import geopandas as gpd

    sites = read_shapes(site_file(folder, count))
    left = gpd.GeoDataFrame({"site": np.arange(count)}, geometry=sites)
    zones = {name: read_shapes(layer_file(folder, name)) for name in LAYERS}
    return left, {name: gpd.GeoDataFrame({"zone": np.arange(len(own))}, geometry=own) for name, own in zones.items()}


def geopandas_overlay(folder: Path, count: int) -> tuple[Taken, Answers]:
    """``geopandas.overlay``, how="intersection"."""
    import geopandas as gpd

    left, layers = _frames(folder, count)
    started = _now()
    found = {name: gpd.overlay(left, right, how="intersection", keep_geom_type=True) for name, right in layers.items()}
    areas = {name: table.area.to_numpy() for name, table in found.items()}
    passed = _since(started)
    return passed, {
        name: (table["site"].to_numpy(), table["zone"].to_numpy(), areas[name]) for name, table in found.items()
    }


def geopandas_sjoin(folder: Path, count: int) -> tuple[Taken, Answers]:
    """``geopandas.sjoin``, then ``shapely.intersection`` of every pair."""
    import geopandas as gpd

    left, layers = _frames(folder, count)
    started = _now()
    answers = {}
    for name, right in layers.items():
        pairs = gpd.sjoin(left, right, predicate="intersects")
        zone = pairs["zone"].to_numpy()
        pieces = shapely.intersection(pairs.geometry.to_numpy(), right.geometry.to_numpy()[zone])
        answers[name] = (pairs["site"].to_numpy(), zone, shapely.area(pieces))
    return _since(started), answers


def dask_geopandas(folder: Path, count: int) -> tuple[Taken, Answers]:
    """dask-geopandas: sites in partitions on threads, sjoin and intersection in each."""
    import dask
    import dask_geopandas
    import geopandas as gpd
    import pandas as pd

    left, layers = _frames(folder, count)

    def meet(part: Any, right: Any) -> Any:  # noqa: ANN401
        pairs = gpd.sjoin(part, right, predicate="intersects")
        zone = pairs["zone"].to_numpy()
        area = shapely.area(shapely.intersection(pairs.geometry.to_numpy(), right.geometry.to_numpy()[zone]))
        return pd.DataFrame({"site": pairs["site"].to_numpy(), "zone": zone, "area": area})

    started = _now()
    parts = dask_geopandas.from_geopandas(left, npartitions=4 * CORES)
    meta = {"site": "i8", "zone": "i8", "area": "f8"}
    tasks = {name: parts.map_partitions(meet, right, meta=meta) for name, right in layers.items()}
    with dask.config.set(scheduler="threads", num_workers=CORES):
        found = dict(zip(tasks, dask.compute(*tasks.values()), strict=True))
    passed = _since(started)
    return passed, {
        name: tuple(table[key].to_numpy() for key in ("site", "zone", "area")) for name, table in found.items()
    }


_SQL = """SELECT s.id AS site, z.id AS zone, ST_Area(ST_Intersection(s.geometry, z.geometry)) AS area
FROM sites s JOIN {name} z ON ST_Intersects(s.geometry, z.geometry)"""


def duckdb(folder: Path, count: int) -> tuple[Taken, Answers]:
    """DuckDB with its spatial extension, on all cores."""
    import duckdb_extension_spatial
    from duckdb import connect

    connection = connect()
    (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
    connection.execute(f"LOAD '{extension}'")
    connection.execute(f"SET threads = {CORES}")
    for name, path in _files(folder, count):
        connection.execute(
            f"CREATE TABLE {name} AS SELECT id, ST_GeomFromWKB(geometry::BLOB) AS geometry FROM '{path}'"
        )
    started = _now()
    found = {name: connection.execute(_SQL.format(name=name)).fetchnumpy() for name in LAYERS}
    passed = _since(started)
    return passed, {
        name: tuple(np.asarray(own[key]) for key in ("site", "zone", "area")) for name, own in found.items()
    }


def sedonadb(folder: Path, count: int) -> tuple[Taken, Answers]:
    """SedonaDB on all cores."""
    import geoarrow.pyarrow  # noqa: F401 - the extension types
    import sedonadb as sedona

    context = sedona.connect()
    for name, path in _files(folder, count):
        context.read_parquet(str(path)).to_view(f"raw_{name}")
        context.sql(f"SELECT id, ST_GeomFromWKB(geometry) AS geometry FROM raw_{name}").to_memtable().to_view(name)
    started = _now()
    found = {name: context.sql(_SQL.format(name=name)).to_arrow_table() for name in LAYERS}
    passed = _since(started)
    return passed, {name: tuple(own[key].to_numpy() for key in ("site", "zone", "area")) for name, own in found.items()}


def _files(folder: Path, count: int) -> list[tuple[str, Path]]:
    return [("sites", site_file(folder, count)), *((name, layer_file(folder, name)) for name in LAYERS)]


def _postgis(folder: Path, count: int, subdivided: bool) -> tuple[Taken, Answers]:
    import postgis

    seconds, found = postgis.run(_files(folder, count), subdivided)
    return Taken(seconds, None), found


def postgis_plain(folder: Path, count: int) -> tuple[Taken, Answers]:
    """PostGIS, both sides indexed; loading does not count."""
    return _postgis(folder, count, False)


def postgis_subdivided(folder: Path, count: int) -> tuple[Taken, Answers]:
    """PostGIS with zones cut by ``ST_Subdivide(256)`` beforehand; neither loading nor cutting counts."""
    return _postgis(folder, count, True)


ENGINES: dict[str, Callable[[Path, int], tuple[Taken, Answers | Sums]]] = {
    made.__name__: made
    for made in (
        ours_areas,
        ours_geometry,
        ours_warm,
        ours_stream,
        geopandas_overlay,
        geopandas_sjoin,
        dask_geopandas,
        duckdb,
        sedonadb,
        postgis_plain,
        postgis_subdivided,
    )
}


def _peak_mb() -> float:
    """Return the most memory that this process ever held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(engine: str, folder: str, count: int, answers: str | None = None) -> None:
    """Run one engine and print what it took."""
    taken, found = ENGINES[engine](Path(folder), count)
    real = {name: np.asarray(own[2]) > COUNTS_M2 for name, own in found.items() if len(own) == 3}
    sums = {
        name: own if len(own) == 2 else (int(real[name].sum()), float(np.asarray(own[2])[real[name]].sum()))
        for name, own in found.items()
    }
    told = {
        "engine": engine,
        "sites": count,
        "seconds": round(taken.seconds, 4),
        "cpu_seconds": None if taken.cpu is None else round(taken.cpu, 4),
        "index_seconds": None if taken.index is None else round(taken.index, 4),
        "peak_mb": round(_peak_mb(), 1),
        "pairs": {name: pairs for name, (pairs, _) in sums.items()},
        "area_m2": {name: area for name, (_, area) in sums.items()},
    }
    if answers and real:
        np.savez(
            answers,
            **{
                f"{name}_{key}": np.asarray(column)[real[name]]
                for name, columns in found.items()
                for key, column in zip(("site", "zone", "area"), columns, strict=True)
            },
        )
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
