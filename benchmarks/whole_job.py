"""The whole job of a screening against its peers: areas of overlap, zones within 1 km, their distances.

    python benchmarks/whole_job.py [--sites 5000] [--folder FOLDER] [--only ENGINE,...] [--out benchmarks/results.json]

2,000 red-line polygons, 28 units, 51 source zones and 4,000 plots. Ours is the whole ``batch`` in one process: sites
read from GeoParquet, projected, overlaid, judged by every rule of the four themes, findings, gaps and verdicts written
as GeoParquet; the index is at hand, imports do not count. The peers hold sites and zones in memory, already in the
plane, and give pairs, areas and planar distances alone: geopandas.overlay (areas), ``sjoin`` with ``dwithin`` and
``distance``, PostGIS with ``ST_Subdivide``. What is compared is time of the processor (of PostGIS that of its server).
Pairs, areas and distances of all must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from workload import LAYERS, SEED, layer, middle, redline, sites

HERE = Path(__file__).parent
DAY = "2026-11-23"
NEAR_M = 1000.0
# Planar distances of the peers are off by up to 2.3 per mille of the geodesic ones.
MARGIN = 1.003
COUNTS_M2 = 0.01
RED_LINES = 2_000
THEMES = {
    "redline": ("ecological_redline", None),
    "units": ("control_unit", "general"),
    "sources": ("water_source_zone", "secondary"),
    "plots": ("contaminated_plot", None),
}
Geometries = npt.NDArray[np.object_]
Pairs = dict[str, npt.NDArray[Any]]


def zones(name: str) -> Geometries:
    """Return the zones of a layer, in the plane."""
    if name != "redline":
        return layer(name)
    return redline(np.random.default_rng([SEED, LAYERS.index(name)]), middle(), RED_LINES - 6)


def prepare(folder: Path, count: int) -> None:
    """Write layers, catalog and sites, unless they are there: WKB in the plane, and files in EPSG:4490."""
    import geopandas as gpd
    import yaml

    from lianzhou_gis.geodesy import Plane

    folder.mkdir(parents=True, exist_ok=True)
    plane = Plane()
    entries = []
    for name, (theme, grade) in THEMES.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            shapes = zones(name)
            ids = [f"DEMO-{name}-{number:04d}" for number in range(len(shapes))]
            frame = gpd.GeoDataFrame(
                {"zone_id": ids, "grade": grade}, geometry=plane.unproject(shapes), crs="EPSG:4490"
            )
            frame.to_parquet(path)
        entries.append(
            {
                "id": name,
                "series": name,
                "theme": theme,
                "path": path.name,
                "valid_from": "2000-01-01",
                "data_date": "2026-01-01",
                "coverage": "POLYGON ((111.9 24.4, 113 24.4, 113 25.4, 111.9 25.4, 111.9 24.4))",
                "accuracy_m": 0.5,
                "expected_count": len(zones(name)) if name != "redline" else RED_LINES,
                "synthetic": True,
            }
        )
    region = {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}
    catalog = {"region": region, "layers": entries, "scope": [theme for theme, _ in THEMES.values()]}
    (folder / "layers.yaml").write_text(yaml.safe_dump(catalog, allow_unicode=True), encoding="utf-8")
    path = folder / f"whole-{count}.parquet"
    if not path.exists():
        shapes = np.concatenate(list(sites(count)))
        ids = [f"S{number:07d}" for number in range(count)]
        frame = gpd.GeoDataFrame({"site_id": ids, "accuracy_m": 0.5}, geometry=plane.unproject(shapes), crs="EPSG:4490")
        frame.to_parquet(path)


def read(folder: Path, count: int) -> tuple[Geometries, dict[str, Geometries]]:
    """Return sites and zones in the plane, as the peers get them: the very vertices that are screened."""
    import geopandas as gpd

    from lianzhou_gis.geodesy import Plane

    plane = Plane()

    def shapes(path: Path) -> Geometries:
        return plane.project(gpd.read_parquet(path).geometry.to_numpy())

    return shapes(folder / f"whole-{count}.parquet"), {name: shapes(folder / f"{name}.parquet") for name in LAYERS}


def ours(folder: Path, count: int) -> tuple[dict[str, float], Pairs]:
    """Run the whole batch in one process."""
    import pyarrow.parquet as pq

    from lianzhou_gis.batch import run_batch
    from lianzhou_gis.batch.work import screener_of

    catalog, path = folder / "layers.yaml", folder / f"whole-{count}.parquet"
    # Index and rules from the cache, what is made at first use made.
    screener_of(str(catalog.resolve()), __import__("datetime").date.fromisoformat(DAY), None)
    few = folder / "few.parquet"
    pq.write_table(pq.read_table(path).slice(0, 20), few)
    with tempfile.TemporaryDirectory() as held:
        run_batch(few, catalog, Path(held) / "few", as_of=DAY, workers=1)
        started = time.process_time(), time.perf_counter()
        run_batch(path, catalog, Path(held) / "run", as_of=DAY, workers=1)
        taken = {"cpu_s": time.process_time() - started[0], "seconds": time.perf_counter() - started[1]}
        rows = pq.read_table(Path(held) / "run" / "overlaps").to_pydict()
    number = np.array([int(text[1:]) for text in rows["site_id"]])
    zone = np.array([int(text.rpartition("-")[2]) for text in rows["zone_id"]])
    where = np.array([LAYERS.index(name) for name in rows["layer_id"]])
    found = {"site": number, "zone": zone, "layer": where}
    return taken, found | {name: np.array(rows[name], dtype=float) for name in ("area_m2", "distance_m")}


def geopandas_overlay(folder: Path, count: int) -> tuple[dict[str, float], Pairs]:
    """``geopandas.overlay``, how="intersection": areas alone."""
    import geopandas as gpd

    left, layers = _frames(folder, count)
    started = time.process_time(), time.perf_counter()
    found = {name: gpd.overlay(left, right, how="intersection", keep_geom_type=True) for name, right in layers.items()}
    areas = {name: table.area.to_numpy() for name, table in found.items()}
    taken = {"cpu_s": time.process_time() - started[0], "seconds": time.perf_counter() - started[1]}
    return taken, _joined({name: (own["site"], own["zone"], areas[name], None) for name, own in found.items()})


def geopandas_near(folder: Path, count: int) -> tuple[dict[str, float], Pairs]:
    """``geopandas.sjoin`` with ``dwithin`` 1 km, then ``distance`` of every pair."""
    import geopandas as gpd

    left, layers = _frames(folder, count)
    started = time.process_time(), time.perf_counter()
    found = {}
    for name, right in layers.items():
        pairs = gpd.sjoin(left, right, predicate="dwithin", distance=NEAR_M * MARGIN)
        other = right.geometry.to_numpy()[pairs["zone"].to_numpy()]
        found[name] = pairs["site"], pairs["zone"], None, shapely.distance(pairs.geometry.to_numpy(), other)
    taken = {"cpu_s": time.process_time() - started[0], "seconds": time.perf_counter() - started[1]}
    return taken, _joined(found)


def _frames(folder: Path, count: int) -> tuple[Any, dict[str, Any]]:
    import geopandas as gpd

    own, layers = read(folder, count)
    left = gpd.GeoDataFrame({"site": np.arange(len(own))}, geometry=own)
    return left, {name: gpd.GeoDataFrame({"zone": np.arange(len(z))}, geometry=z) for name, z in layers.items()}


def _joined(found: dict[str, Any]) -> Pairs:
    parts: dict[str, list[Any]] = {name: [] for name in ("site", "zone", "layer", "area_m2", "distance_m")}
    for name, (site, zone, area, distance) in found.items():
        count = len(site)
        parts["site"].append(np.asarray(site, dtype=np.int64))
        parts["zone"].append(np.asarray(zone, dtype=np.int64))
        parts["layer"].append(np.full(count, LAYERS.index(name)))
        parts["area_m2"].append(np.full(count, np.nan) if area is None else np.asarray(area))
        parts["distance_m"].append(np.full(count, np.nan) if distance is None else np.asarray(distance))
    return {name: np.concatenate(own) for name, own in parts.items()}


# Zones within a distance, their distance and the area shared; zones are cut beforehand.
_POSTGIS = """SELECT s.id, z.id, sum(CASE WHEN ST_Intersects(s.geometry, z.geometry)
    THEN ST_Area(ST_Intersection(s.geometry, z.geometry)) ELSE 0 END), min(ST_Distance(s.geometry, z.geometry))
FROM sites s JOIN {name} z ON ST_DWithin(s.geometry, z.geometry, {metres}) GROUP BY s.id, z.id"""


def postgis_subdivided(folder: Path, count: int) -> tuple[dict[str, float], Pairs]:
    """PostGIS: ``ST_Subdivide(256)`` beforehand, then ``ST_DWithin``, ``ST_Distance``, areas of what is shared."""
    from postgis import processor_seconds, server

    own, layers = read(folder, count)
    with server() as connection:
        for name, shapes in {"sites": own, **layers}.items():
            connection.execute(f"CREATE TABLE raw_{name} (id bigint, geometry bytea)")
            with connection.cursor().copy(f"COPY raw_{name} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "bytea"])
                for row in enumerate(shapely.to_wkb(shapes)):
                    copy.write_row(row)
            cut = "ST_GeomFromWKB(geometry)" if name == "sites" else "ST_Subdivide(ST_GeomFromWKB(geometry), 256)"
            connection.execute(f"CREATE TABLE {name} AS SELECT id, {cut} AS geometry FROM raw_{name}")
            connection.execute(f"CREATE INDEX ON {name} USING gist (geometry)")
            connection.execute(f"VACUUM ANALYZE {name}")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        before, started = processor_seconds(connection), time.perf_counter()
        rows = {
            name: connection.execute(_POSTGIS.format(name=name, metres=NEAR_M * MARGIN)).fetchall() for name in LAYERS
        }
        taken = {"cpu_s": processor_seconds(connection) - before, "seconds": time.perf_counter() - started}
    found = {}
    for name, table in rows.items():
        columns = np.array(table, dtype=np.float64).reshape(-1, 4).T
        found[name] = columns[0].astype(int), columns[1].astype(int), columns[2], columns[3]
    return taken, _joined(found)


ENGINES = {
    item.__name__: item for item in (ours, geopandas_overlay, geopandas_near, postgis_subdivided)
}  # fmt: skip


def compare(one: Pairs, other: Pairs) -> dict[str, float]:
    """Return how far two engines differ in pairs, areas and distances.

    Distances of the other are planar: a pair of one only counts where it is not at the limit of 1 km.
    """
    columns = {"mine": _keyed(one), "theirs": _keyed(other)}
    told: dict[str, float] = {}
    if not np.isnan(other["area_m2"]).all():
        mine, theirs = (
            {k: v for k, v in zip(c["key"], c["area"], strict=True) if v > COUNTS_M2} for c in columns.values()
        )
        common = sorted(mine.keys() & theirs.keys())
        a, b = (np.array([own[key] for key in common]) for own in (mine, theirs))
        told |= {
            "pairs": len(common),
            "pairs_of_one_only": len(mine.keys() ^ theirs.keys()),
            "largest_m2": float(np.abs(a - b).max()),
        }
    if not np.isnan(other["distance_m"]).all():
        mine, theirs = (dict(zip(c["key"], c["distance"], strict=True)) for c in columns.values())
        common = sorted(mine.keys() & theirs.keys())
        a, b = (np.array([own[key] for key in common]) for own in (mine, theirs))
        only = [v for k, v in mine.items() if k not in theirs] + [v for k, v in theirs.items() if k not in mine]
        far = [value for value in only if value < NEAR_M / MARGIN]
        # Ours are written to the centimetre.
        apart = (a > 10.0) & (b > 10.0)
        told |= {
            "near_pairs": int((a > 0).sum()),
            "near_pairs_of_one_only": len(far),
            "largest_share_of_distance": float((np.abs(a - b)[apart] / b[apart]).max()),
        }
    return told


def _keyed(pairs: Pairs) -> dict[str, Any]:
    near = ~(pairs["distance_m"] > NEAR_M * MARGIN)
    key = (pairs["site"] * len(LAYERS) + pairs["layer"]) * 10_000 + pairs["zone"]
    return {
        "key": key[near].tolist(),
        "area": pairs["area_m2"][near].tolist(),
        "distance": pairs["distance_m"][near].tolist(),
    }


def measure(engine: str, folder: Path, count: int) -> dict[str, float]:
    """Run one engine in a process of its own; what it found is left in the folder."""
    command = [sys.executable, str(HERE / "whole_job.py"), "--engine", engine, "--folder", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--sites", str(count)], check=True, capture_output=True, text=True, env=environment
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(count: int, folder: Path, only: list[str], out: Path) -> None:
    """Measure all in turn, compare and write."""
    prepare(folder, count)
    taken = {}
    for engine in only:
        taken[engine] = measure(engine, folder, count)
        print(engine, taken[engine], flush=True)
    found = {engine: dict(np.load(folder / f"{engine}-{count}.npz")) for engine in only}
    agreement = {engine: compare(found["ours"], own) for engine, own in found.items() if engine != "ours"}
    for engine, told in agreement.items():
        print(engine, told)
    results = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"runs": []}
    ended = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    results["whole_job"] = {"sites": count, "ended": ended, "engines": taken, "agreement": agreement}
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=5_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "lianzhou-whole-job")
    parser.add_argument("--only", default=",".join(ENGINES))
    parser.add_argument("--engine")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    given = parser.parse_args()
    if given.engine:
        spent, pairs = ENGINES[given.engine](given.folder, given.sites)
        np.savez(given.folder / f"{given.engine}-{given.sites}.npz", **pairs)
        print(json.dumps({name: round(value, 3) for name, value in spent.items()}))
    else:
        main(given.sites, given.folder, given.only.split(","), given.out)
