"""One site: the whole command from a cold process against ``import geopandas``, and a warm screener.

    python benchmarks/one_site.py [--out benchmarks/results.json]

The command is ``lianzhou-gis screen one.geojson --json`` on the demo layers with the cache at hand. What is compared is
time of the processor, user and system, of both in turn; then relations, areas and findings of one site after the other
in a process that has the layers in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

HERE = Path(__file__).parent
CATALOG = HERE.parent / "layers" / "layers.yaml"
DAY = "2026-11-23"
REPEATS = 7
SITES = 200
# Screened before, so that the layers are in memory all over the county.
BEFORE = 500


def _cpu(command: list[str]) -> float:
    """Return the seconds of the processor that a command takes."""
    # As an installed package has it: with its bytecode, which a first run leaves.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def cold() -> tuple[float, float]:
    """Return the median seconds of the import and of the command, measured in turn."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "one.geojson"
        ring = [[112.380, 24.780], [112.384, 24.780], [112.384, 24.783], [112.380, 24.783], [112.380, 24.780]]
        feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        site.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
        screen = [sys.executable, "-c", "from lianzhou_gis.cli import main; main()", "screen", str(site), "--json"]
        screen += ["--as-of", DAY, "--layers", str(CATALOG)]
        bare = [sys.executable, "-c", "import geopandas"]
        _cpu(screen), _cpu(bare)
        pairs = [(_cpu(bare), _cpu(screen)) for _ in range(REPEATS)]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def warm() -> tuple[float, float]:
    """Return the median and the 95th percentile of seconds for one site in memory."""
    import lianzhou_gis as lg

    screener = lg.Screener.prepare(CATALOG, as_of=DAY)
    random = np.random.default_rng(5)
    sites = []
    for lon, lat in random.uniform((112.2, 24.7), (112.7, 25.1), (BEFORE + SITES, 2)):
        ring = shapely.box(lon, lat, lon + 0.003, lat + 0.002)
        sites.append(lg.read_sites(ring, crs="EPSG:4490"))
    taken = []
    for site in sites:
        started = time.perf_counter()
        result = screener.screen(site, facts={"livestock": False})
        # Records are made when somebody asks for them.
        assert (
            result.assessment.answers
            and len(result.assessment.finding_records) + len(result.assessment.gap_records) > 0
        )
        taken.append(time.perf_counter() - started)
    rest = taken[BEFORE:]
    return statistics.median(rest), float(np.quantile(rest, 0.95))


def main(out: Path) -> None:
    """Measure, print and write."""
    bare, screen = cold()
    median, slow = warm()
    told = {
        "import_geopandas_cpu_s": round(bare, 4),
        "screen_cpu_s": round(screen, 4),
        "warm_median_ms": round(1e3 * median, 3),
        "warm_p95_ms": round(1e3 * slow, 3),
    }
    print(f"cold: {screen:.2f} s of the processor, import geopandas {bare:.2f} s, ratio {screen / bare:.2f}")
    print(f"warm: median {told['warm_median_ms']} ms, 95 % within {told['warm_p95_ms']} ms")
    results = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"runs": []}
    out.write_text(json.dumps({**results, "one_site": told}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    main(parser.parse_args().out)
