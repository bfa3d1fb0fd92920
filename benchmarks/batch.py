"""Whole screenings of many sites, findings and all: one process, two, and a dask cluster of two, on this machine.

    python benchmarks/batch.py [SITES] [--out benchmarks/results.json]

``lianzhou-gis batch`` on the demo layers; the folders of all three must hold the same bytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

HERE = Path(__file__).parent
CATALOG = HERE.parent / "layers" / "layers.yaml"
DAY = "2026-11-23"
TABLES = ("sites", "overlaps", "findings", "gaps")


def sites(count: int) -> gpd.GeoDataFrame:
    """Return sites of 0.1 to 200 ha all over the demo county."""
    random = np.random.default_rng(1)
    shapes = []
    for lon, lat in random.uniform((112.2, 24.7), (112.7, 25.1), (count, 2)):
        corners = int(random.integers(4, 60))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.sqrt(10 ** random.uniform(3, 6.3) / np.pi) / 105_000 * random.uniform(0.7, 1.3, corners)
        shapes.append(shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])))
    table = {"site_id": [f"S{number:07d}" for number in range(count)], "accuracy_m": 0.5}
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490")


def _run(path: Path, folder: Path, *more: str) -> float:
    command = [sys.executable, "-c", "from lianzhou_gis.cli import main; main()", "batch", str(path)]
    command += ["--out", str(folder), "--as-of", DAY, "--layers", str(CATALOG), "--quiet", *more]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _bytes(folder: Path) -> list[bytes]:
    return [path.read_bytes() for name in TABLES for path in sorted((folder / name).glob("*.parquet"))]


def main(count: int, out: Path) -> None:
    """Measure, compare and write."""
    from distributed import LocalCluster

    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        sites(count).to_parquet(folder / "sites.parquet")
        path = folder / "sites.parquet"
        taken: dict[str, Any] = {"sites": count}
        # Once beforehand, so that the cache is at hand for all.
        sites(50).to_parquet(folder / "few.parquet")
        taken["start_s"] = round(
            min(_run(folder / "few.parquet", folder / f"few-{k}", "--workers", "1") for k in (1, 2)), 2
        )
        for workers in (1, 2):
            taken[f"processes_{workers}_s"] = round(_run(path, folder / f"p{workers}", "--workers", str(workers)), 2)
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            taken["dask_2_s"] = round(_run(path, folder / "dask", "--scheduler", cluster.scheduler_address), 2)
        first = _bytes(folder / "p1")
        assert first and _bytes(folder / "p2") == first and _bytes(folder / "dask") == first
    print(json.dumps(taken))
    results = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"runs": []}
    out.write_text(json.dumps({**results, "batch": taken}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", nargs="?", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    given = parser.parse_args()
    main(given.sites, given.out)
