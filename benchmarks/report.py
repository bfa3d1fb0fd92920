"""The page and the plot of what ``run.py`` and ``one_site.py`` measured; the same results give the same bytes.

python benchmarks/report.py [benchmarks/results.json]
"""

# Paragraphs of the page stand as they are.
# ruff: noqa: E501
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
PLOT = HERE.parent / "docs" / "performance.svg"
NAMES = {
    "ours_areas": "lianzhou_gis, areas",
    "ours_geometry": "lianzhou_gis, with geometry",
    "ours_warm": "lianzhou_gis, areas, index from the cache",
    "ours_stream": "lianzhou_gis, areas, sites streamed",
    "postgis_subdivided": "PostGIS, ST_Subdivide(256)",
    "postgis_plain": "PostGIS",
    "geopandas_overlay": "geopandas.overlay, with geometry",
    "geopandas_sjoin": "sjoin + intersection, with geometry",
    "dask_geopandas": "dask-geopandas",
    "duckdb": "DuckDB spatial",
    "sedonadb": "SedonaDB",
}
# Whose speed is measured by whose, at what size, and what is aimed at.
RATIOS = (
    ("geopandas_overlay", "ours_geometry", 100_000, 30.0),
    ("geopandas_sjoin", "ours_geometry", 100_000, 30.0),
    ("geopandas_overlay", "ours_geometry", 10_000, None),
    ("geopandas_sjoin", "ours_geometry", 10_000, None),
    ("postgis_subdivided", "ours_areas", 100_000, 2.5),
    ("postgis_subdivided", "ours_areas", 10_000, 2.5),
    ("postgis_plain", "ours_areas", 10_000, 20.0),
    ("duckdb", "ours_areas", 10_000, 20.0),
    ("sedonadb", "ours_areas", 10_000, 20.0),
    ("dask_geopandas", "ours_areas", 10_000, None),
    ("postgis_subdivided", "ours_warm", 1_000, 3.0),
)
MEMORY = (("ours_geometry", 100_000, 0.9), ("ours_stream", 1_000_000, 0.8))


Runs = dict[tuple[str, int], dict[str, Any]]


def seconds(run: dict[str, Any]) -> float:
    """Return the time of a run; of one that works on one core and was run once, among others, that of the processor."""
    alone = run["engine"] in ("geopandas_overlay", "geopandas_sjoin") and run["runs"] == 1
    return float(min(run["seconds"], run["cpu_seconds"]) if alone else run["seconds"])


def table(runs: Runs) -> list[str]:
    """Return every engine at every size."""
    sizes = sorted({count for _, count in runs})
    lines = ["| seconds (peak MB) | " + " | ".join(f"{count:,}" for count in sizes) + " |"]
    lines.append("|---|" + "---:|" * len(sizes))
    for engine, name in NAMES.items():
        cells = []
        for count in sizes:
            run = runs.get((engine, count))
            once = "" if run is None or run["runs"] > 1 else " ¹"
            cells.append("" if run is None else f"{seconds(run):.2f} ({run['peak_mb']:.0f}){once}")
        if any(cells):
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def ratios(runs: Runs, one_site: dict[str, float] | None) -> list[str]:
    """Return what was aimed at and what was reached."""
    lines = ["| | measured | aim | the other / ours (when it ended, UTC) |", "|---|---:|---:|---|"]
    for peer, ours, count, aim in RATIOS:
        if (peer, count) in runs and (ours, count) in runs:
            both = runs[peer, count], runs[ours, count]
            ratio = seconds(both[0]) / seconds(both[1])
            told = "" if aim is None else f"≥ {aim:g} ×"
            source = " / ".join(f"{seconds(run):.2f} s ({when(run)})" for run in both)
            lines.append(
                f"| {NAMES[ours]} against {NAMES[peer]}, {count:,} sites | {ratio:.1f} × | {told} | {source} |"
            )
    for engine, count, aim in MEMORY:
        if (engine, count) in runs:
            run = runs[engine, count]
            peak = run["peak_mb"] / 1000.0
            lines.append(
                f"| peak memory, {NAMES[engine]}, {count:,} sites | {peak:.2f} GB | ≤ {aim:g} GB | {when(run)} |"
            )
    if one_site:
        cold = one_site["screen_cpu_s"] / one_site["import_geopandas_cpu_s"]
        lines.append(f"| one site, cold command, against the CPU of `import geopandas` | {cold:.2f} × | ≤ 1.8 × | |")
        lines.append(f"| one site, warm, median | {one_site['warm_median_ms']:.1f} ms | ≤ 1 ms | |")
    return lines


def when(run: dict[str, Any]) -> str:
    """Return when a run ended, UTC."""
    return f"{run['day'][5:]} {run['ended']}" if "ended" in run else run["day"][5:]


def fitted(own: list[tuple[int, float]]) -> tuple[float, float, float]:
    """Fit seconds = fixed + each x sites, every size weighing the same; with the largest residual as a share."""
    count, taken = (np.array(column, dtype=float) for column in zip(*own, strict=True))
    fixed, each = np.linalg.lstsq(np.column_stack([1.0 / taken, count / taken]), np.ones(len(own)), rcond=None)[0]
    return float(fixed), float(each), float(np.abs((fixed + each * count) / taken - 1.0).max())


def growth(runs: Runs) -> list[str]:
    """Return how time grows with the number of sites, with the index and without, where there are three sizes."""
    lines = ["| | sites | seconds | largest residual | as a power |", "|---|---|---|---:|---:|"]
    for engine, name in NAMES.items():
        every = sorted((count, run) for (known, count), run in runs.items() if known == engine)
        kinds = {"": [(count, seconds(run)) for count, run in every]}
        if all(run.get("index_seconds") is not None for _, run in every):
            kinds[", without the index"] = [(count, seconds(run) - run["index_seconds"]) for count, run in every]
        for kind, own in kinds.items():
            if len(own) >= 3:
                fixed, each, residual = fitted(own)
                power = float(np.polyfit(*np.log(np.array(own)).T, 1)[0])
                sizes = " → ".join(f"{count:,}" for count, _ in own)
                told = f"{fixed:.2f} s + {1e6 * each:.0f} µs a site"
                lines.append(f"| {name}{kind} | {sizes} | {told} | {100 * residual:.0f} % | n^{power:.2f} |")
    return lines


def agreement(runs: Runs) -> list[str]:
    """Return how far engines lie apart."""
    lines = ["| | sites | pairs of one only | largest difference | as a share |", "|---|---:|---:|---:|---:|"]
    for (engine, count), run in sorted(runs.items(), key=lambda item: (list(NAMES).index(item[0][0]), item[0][1])):
        if engine.startswith("ours") or not run.get("agrees"):
            continue
        told = run["agrees"]
        lines.append(
            f"| {NAMES[engine]} | {count:,} | {told['pairs_of_one_only']} | {told['largest_m2']:.1e} m² | "
            f"{told['largest_share']:.1e} |"
        )
    return lines


def busy(runs: Runs) -> str:
    """Say how much else the machine was at."""
    loads = [run["load_before"] for run in runs.values() if "load_before" in run]
    if not loads:
        return ""
    unknown = len(runs) - len(loads)
    told = (
        f" Other work ran on the machine at times: when a run began, {np.median(loads):.1f} processes (median) to "
        f"{max(loads):.1f} had wanted one of its cores in the minute before, those of the run before included"
    )
    told += f"; of {unknown} runs, made earlier on a busy machine, it was not noted" if unknown else ""
    return told + ". Ratios of runs that followed each other are worth more than seconds."


def batch(told: dict[str, float] | None) -> list[str]:
    """Return what whole screenings of many sites took."""
    if not told:
        return []
    count = told["sites"]
    names = {
        "processes_1_s": "one process",
        "processes_2_s": "two processes",
        "dask_2_s": "a dask cluster of two workers, started before",
    }
    lines = [f"| {count:,} sites | seconds | sites a second | against one process |", "|---|---:|---:|---:|"]
    for key, name in names.items():
        lines.append(
            f"| {name} | {told[key]:.1f} | {count / told[key]:.0f} | {told['processes_1_s'] / told[key]:.2f} × |"
        )
    return lines


WHOLE = {
    "ours": ("lianzhou_gis, the whole batch", "areas, distances, doubts, rules, findings, gaps, verdicts, GeoParquet"),
    "geopandas_overlay": ("geopandas.overlay", "areas"),
    "geopandas_near": ("geopandas.sjoin `dwithin`, then distance", "pairs within 1 km, planar distances"),
    "postgis_subdivided": ("PostGIS, ST_Subdivide(256)", "areas, ST_DWithin, ST_Distance"),
}


def whole_job(told: dict[str, Any] | None) -> list[str]:
    """Return what the whole job took, against its parts by peers."""
    if not told:
        return []
    taken = {name: own["cpu_s"] for name, own in told["engines"].items()}
    lines = ["| | what it gives | s of the processor | against ours |", "|---|---|---:|---:|"]
    for name, (title, gives) in WHOLE.items():
        if name in taken:
            lines.append(f"| {title} | {gives} | {taken[name]:.1f} | {taken[name] / taken['ours']:.1f} × |")
    if {"geopandas_overlay", "geopandas_near"} <= taken.keys():
        both = taken["geopandas_overlay"] + taken["geopandas_near"]
        lines.append(
            f"| geopandas, both together | the same job, unjudged | {both:.1f} | {both / taken['ours']:.1f} × |"
        )
    for name, own in told["agreement"].items():
        parts = []
        if "pairs" in own:
            parts.append(
                f"{own['pairs']:,.0f} pairs with an area, {own['pairs_of_one_only']:.0f} of one only, "
                f"largest difference {own['largest_m2']:.1e} m²"
            )
        if "near_pairs" in own:
            parts.append(
                f"{own['near_pairs']:,.0f} pairs nearby, {own['near_pairs_of_one_only']:.0f} of one only, distances within "
                f"{1e3 * own['largest_share_of_distance']:.2f} ‰ (theirs are planar)"
            )
        lines.append(f"\n{WHOLE[name][0]} and ours: " + "; ".join(parts) + ".")
    return lines


def plot(runs: Runs) -> None:
    """Draw seconds by sites, both by powers of ten; no byte of the file hangs on when it was drawn."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "lianzhou_gis"
    mpl.rcParams["svg.fonttype"] = "path"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8.5, 5.2))
    for place, (engine, name) in enumerate(NAMES.items()):
        own = sorted((count, seconds(run)) for (known, count), run in runs.items() if known == engine)
        if own:
            ours = engine.startswith("ours")
            axes.plot(
                *zip(*own, strict=True),
                marker="osD^vPX<>*h"[place],
                color=f"C{place % 10}",
                linewidth=2.4 if ours else 1.1,
                linestyle="-" if ours else "--",
                label=name,
            )
    axes.set(xscale="log", yscale="log", xlabel="sites", ylabel="seconds")
    axes.grid(visible=True, which="major", linewidth=0.4)
    axes.legend(fontsize=7, loc="upper left")
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None, "Creator": None})


def main(path: Path) -> None:
    """Write the page and the plot."""
    results = json.loads(path.read_text(encoding="utf-8"))
    runs: Runs = {(run["engine"], run["sites"]): run for run in results["runs"]}
    where = results["machine"]
    days = sorted({run["day"] for run in results["runs"]})
    told = ", ".join(f"{name} {number}" for name, number in where["packages"].items())
    sections = [
        "# Performance",
        "<!-- Written by benchmarks/report.py from benchmarks/results.json; do not edit. -->",
        f"Measured {' to '.join(sorted({days[0], days[-1]}))} on {where['cores']} cores and {where['memory_gb']} GB "
        f"({where['system']}, Python {where['python']}; {told}). The county is made up (`benchmarks/workload.py`): 1,714 "
        "red-line polygons with six giants of up to 101,000 vertices and their holes, 28 control units with ragged common "
        "borders, 51 source zones, 4,000 plots, 1.9 million vertices in all; sites of 0.1 to 200 ha, two in a hundred of "
        "them corridors of 5 to 30 km. Every engine reads the same files in the same plane and gives every pair of a site "
        "and a zone that overlap, with the area. Reading files does not count (except where sites are streamed), nor does "
        "loading, indexing and subdividing in PostGIS; the indexes of the Python engines are built within the time, except "
        "where sites are streamed: there the index is at hand, and every pair is written to a file. The median of three runs; ¹ run once.",
        "A peer that works on one core and was run once is told by the time of its processor, which is at most what the "
        "clock said, and on a busy machine somewhat more than on an idle one. PostGIS's memory is that of the client."
        + busy(runs),
        "![Seconds by number of sites](performance.svg)",
        "\n".join(table(runs)),
        "## What was aimed at, and what was reached",
        "\n".join(ratios(runs, results.get("one_site"))),
        "## The whole job",
        f"2,000 red-line polygons, 28 units, 51 source zones and 4,000 plots; {(results.get('whole_job') or {}).get('sites', 0):,} "
        f"sites; one run of each, one after the other, {(results.get('whole_job') or {}).get('ended', '')} UTC, on a machine that "
        "others used heavily at the same time: processor seconds are two to three times those of an idle one, and only the "
        "ratios mean something. Ours loads the layers with their indexes from the cache, reads its sites, projects and judges them and writes every table, areas to 0.01 m² and distances to 0.01 m; the peers have sites and zones in "
        "memory, in the plane, and PostGIS its indexes. `dwithin` and PostGIS were measured twenty minutes before the other two.",
        "\n".join(whole_job(results.get("whole_job"))),
        "## Growth",
        "Time against sites: a line through all sizes, every size weighing the same, with the largest share by which a size "
        "lies off it; and a power of the number of sites, where 1 is linear. The index is built once however many sites there are.",
        "\n".join(growth(runs)),
        "## Many sites, whole screenings",
        "`lianzhou-gis batch` on the demo layers: relations, findings, gaps and verdicts, written as GeoParquet; all on this one "
        f"machine, its start ({(results.get('batch') or {}).get('start_s', '?')} s for every process) within the time. The folders "
        "hold the same bytes. Nothing else of ours ran meanwhile, but the speed of the machine itself is not steady: what repeats "
        "of it gave stands in [scale](scale.md).",
        "\n".join(batch(results.get("batch"))),
        "## Agreement",
        "Against lianzhou_gis, pair by pair, of all that overlap by more than 0.01 m².",
        "\n".join(agreement(runs)),
        "## Again",
        "`make bench` measures the quick ones anew; `python benchmarks/run.py --slow` the peers that need minutes, "
        "`python benchmarks/whole_job.py` the whole job, `python benchmarks/one_site.py` a single site, `python benchmarks/batch.py` whole screenings, "
        "`python benchmarks/report.py` writes this page.",
    ]
    PAGE.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    plot(runs)
    print("\n".join(ratios(runs, results.get("one_site"))))
    print("\n".join(growth(runs)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results.json")
