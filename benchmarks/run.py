"""The overlay against its peers on one machine: ratios, memory, growth, and whether all say the same.

    python benchmarks/run.py [--sites 1000,10000,100000] [--slow] [--only ENGINE[:SITES],...] [--budget MINUTES]

Every measurement is a process of its own on the same files. Ours, and PostGIS with subdivided zones, run three times,
and the median is taken; peers that need minutes run once, and only with ``--slow`` or where ``--only`` names them with
their sites. What was measured before and is not measured now stays. ``python benchmarks/report.py`` turns them into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import postgis
from engines import ENGINES
from workload import LAYERS, write

HERE = Path(__file__).parent
# Engine, sites, runs; in this order, so that what is left out for lack of time is what matters least.
QUICK = (
    ("ours_areas", 1_000, 3),
    ("ours_warm", 1_000, 3),
    ("postgis_subdivided", 1_000, 1),
    ("ours_geometry", 1_000, 3),
    ("ours_areas", 10_000, 3),
    ("ours_geometry", 10_000, 3),
    ("postgis_subdivided", 10_000, 1),
    ("ours_areas", 100_000, 3),
    ("ours_geometry", 100_000, 3),
    ("postgis_subdivided", 100_000, 1),
    ("geopandas_overlay", 1_000, 1),
    ("geopandas_sjoin", 1_000, 1),
    ("dask_geopandas", 1_000, 1),
    ("sedonadb", 1_000, 1),
    ("duckdb", 1_000, 1),
    ("postgis_plain", 1_000, 1),
    ("ours_stream", 10_000, 1),
    ("ours_stream", 100_000, 1),
    ("ours_stream", 1_000_000, 1),
)
# Peers that need minutes.
SLOW = (
    ("sedonadb", 10_000, 1),
    ("duckdb", 10_000, 1),
    ("geopandas_overlay", 10_000, 1),
    ("geopandas_sjoin", 10_000, 1),
    ("postgis_plain", 10_000, 1),
    ("dask_geopandas", 10_000, 1),
    ("geopandas_overlay", 100_000, 1),
    ("geopandas_sjoin", 100_000, 1),
)
_PACKAGES = ("numpy", "shapely", "geopandas", "dask-geopandas", "duckdb", "sedonadb")


def measure(engine: str, folder: Path, count: int) -> dict[str, Any]:
    """Run one engine in a process of its own."""
    answers = folder / f"answers-{engine}-{count}.npz"
    command = [sys.executable, str(HERE / "engines.py"), engine, str(folder), str(count)]
    command += [str(answers)] if count <= 100_000 else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{engine} {count}: {done.stderr.strip()[-500:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def compared(folder: Path, engine: str, count: int) -> dict[str, Any] | None:
    """Say how far an engine is from ours: pairs that only one has, and the largest difference of an area."""
    ours, theirs = (folder / f"answers-{name}-{count}.npz" for name in ("ours_areas", engine))
    if not ours.exists() or not theirs.exists():
        return None
    lost, largest, relative = 0, 0.0, 0.0
    with np.load(ours) as one, np.load(theirs) as other:
        for name in LAYERS:
            left, right = (_by_pair(held, name) for held in (one, other))
            both, here, there = np.intersect1d(left[0], right[0], return_indices=True)
            lost += len(left[0]) + len(right[0]) - 2 * len(both)
            apart = np.abs(left[1][here] - right[1][there])
            largest = max(largest, float(apart.max(initial=0.0)))
            relative = max(relative, float((apart / left[1][here]).max(initial=0.0)))
    return {"pairs_of_one_only": lost, "largest_m2": largest, "largest_share": relative}


def _by_pair(held: Any, name: str) -> tuple[Any, Any]:  # noqa: ANN401 - an archive of arrays
    """Return pairs as numbers, with their area; an engine may give a pair in several pieces."""
    key = held[f"{name}_site"].astype(np.int64) * 1_000_000 + held[f"{name}_zone"].astype(np.int64)
    pairs, place = np.unique(key, return_inverse=True)
    return pairs, np.bincount(place, weights=held[f"{name}_area"], minlength=len(pairs))


def machine() -> dict[str, Any]:
    """Say what it was measured on, by class."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def plan(sizes: set[int], *, slow: bool, only: list[tuple[str, int | None]]) -> list[tuple[str, int, int]]:
    """Return what is to be measured: engine, sites, runs."""
    every = [*QUICK, *SLOW]
    if not only:
        return [step for step in (every if slow else QUICK) if step[1] in sizes]
    named = {(engine, count) for engine, count in only if count is not None}
    whole = {engine for engine, count in only if count is None}
    steps = [
        step
        for step in every
        if step[:2] in named or (step[0] in whole and step[1] in sizes and (slow or step in QUICK))
    ]
    known = {step[:2] for step in steps}
    return steps + [(engine, count, 1) for engine, count in sorted(named - known)]


def main(steps: list[tuple[str, int, int]], out: Path, folder: Path, budget_s: float) -> None:
    """Measure what is asked for, and write the results."""
    started = time.monotonic()
    results = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"runs": []}
    kept = {(run["engine"], run["sites"]): run for run in results["runs"]}
    for engine, count, repeats in steps:
        if time.monotonic() - started > budget_s:
            print(f"no time left for {engine} at {count}: what is known of it stays", flush=True)
            continue
        write(folder, count)
        # What else the machine was at when it began: processes that wanted a core, over the last minute.
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        try:
            runs = [measure(engine, folder, count) for _ in range(repeats)]
        except RuntimeError as error:
            # A peer that fails is said; the others go on.
            print(f"{engine:20} {count:>9,} sites failed: {error}", flush=True)
            continue
        run = sorted(runs, key=lambda one: one["seconds"])[len(runs) // 2]
        # That one repeats its join by itself.
        repeats = postgis.REPEATS if engine == "postgis_subdivided" else repeats
        run |= {"runs": repeats, "peak_mb": statistics.median(one["peak_mb"] for one in runs)}
        now = datetime.now(UTC)
        run |= {
            "day": now.date().isoformat(),
            "ended": now.strftime("%H:%M"),
            "agrees": compared(folder, engine, count),
        }
        run |= {"load_before": round(load, 1)}
        kept[engine, count] = run
        _check(run, kept.get(("ours_areas", count)))
        print(f"{engine:20} {count:>9,} sites {run['seconds']:>9.2f} s {run['peak_mb']:>7.0f} MB", flush=True)
        results = {**results, "machine": machine(), "runs": [kept[key] for key in sorted(kept)]}
        out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _check(run: dict[str, Any], ours: dict[str, Any] | None) -> None:
    """Refuse a result that is another one: speed of a wrong answer is worth nothing."""
    if ours is None:
        return
    for name in LAYERS:
        apart = abs(run["area_m2"][name] - ours["area_m2"][name])
        if run["pairs"][name] != ours["pairs"][name] or apart > 1e-9 * ours["area_m2"][name]:
            raise RuntimeError(f"{run['engine']} at {run['sites']} disagrees on {name}: {run} {ours}")


def named(text: str) -> tuple[str, int | None]:
    """Read an engine with or without its sites."""
    engine, _, count = text.partition(":")
    if engine not in ENGINES or (count and not count.isdigit()):
        raise argparse.ArgumentTypeError(f"{text}: not ENGINE or ENGINE:SITES; engines are {', '.join(ENGINES)}")
    return engine, int(count) if count else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", default="1000,10000,100000,1000000")
    parser.add_argument("--only", default="", metavar="ENGINE[:SITES],...")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--budget", type=float, default=60.0, metavar="MINUTES")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build" / "bench")
    given = parser.parse_args()
    try:
        only = [named(text) for text in given.only.split(",") if text]
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    asked = plan({int(text) for text in given.sites.split(",")}, slow=given.slow, only=only)
    main(asked, given.out, given.folder, given.budget * 60.0)
