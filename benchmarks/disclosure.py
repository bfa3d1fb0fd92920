"""Writes docs/disclosure.md: what an attacker makes of the public export of the demo, measured with the attack suite.

Run ``make disclosure``. The errors follow from the committed demo layers and are the same on every machine; the times
are those of the machine.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
import yaml

from lianzhou_gis.maps.disclosure import Profile, Source, open_source, publish, read_profile
from lianzhou_gis.maps.disclosure.attacks import BORDER_ATTACKS, border_errors
from lianzhou_gis.maps.disclosure.cell_zones import RESERVE, draw_zones
from lianzhou_gis.maps.disclosure.lattice import lattice_for, sample
from lianzhou_gis.maps.disclosure.policy import policy

ROOT = Path(__file__).parent.parent
CATALOG, PROFILE = ROOT / "layers" / "layers.yaml", ROOT / "layers" / "profiles" / "public.yaml"
LISTS = ROOT / "tests" / "maps" / "disclosure"
AS_OF, LATITUDE = "2026-11-23", 24.9
CELLS = (125, 250, 500, 1000)
NAMES = {
    "outline": "直接采用公布的轮廓",
    "smoothing": "沿轮廓高斯平滑（宽度 {} 格）",
    "taubin": "不收缩的平滑（Taubin λ-μ，放过 {} 格以上的起伏）",
    "polygon": "当作少数几条直边的多边形（三角形、梯形、L 形、直角形）去拟合",
    "pieces": "当作直线和圆弧（半圆、扇形）分段拟合",
    "inversion": "反解取样方法：最光滑且各格心都在正确一侧的边界",
    "cell_centres": "把边缘格子的格心当作边界（狭窄区域）",
}


def source_zones(source: Source) -> np.ndarray:
    """Return the demo's source zones, water and land of a grade as one."""
    zones = gpd.GeoDataFrame(source.zones["demo_water_sources"], geometry="geometry")
    return np.asarray(zones.dissolve(["source_name", "grade"]).geometry.to_numpy(), dtype=object)


def by_cell_size(shapes: np.ndarray) -> list[str]:
    """Return a table row for each cell size: every zone that has cells, before any is withheld, and after."""
    rows = []
    for width in CELLS:
        grid = lattice_for(width, LATITUDE)
        errors = []
        for shape in shapes:
            cells = sample(shape, grid)
            if cells.count:
                errors.append(min(border_errors(cells, cells.polygon(), shape).values()))
        drawn = [zone.error_m for zone in draw_zones(shapes, grid, policy().least_protect_m) if zone.cells is not None]
        after = f"{np.median(drawn):.1f} | {min(drawn):.1f}" if drawn else "– | –"
        rows.append(
            f"| {width} | {len(errors)} | {np.median(errors):.1f} | {min(errors):.1f} | {len(drawn)} | {after} |"
        )
    return rows


# Shapes of a known kind, as an attacker would know them; metres, two of each size.
KINDS = {
    "三角形": [(0, 0), (1, 0), (0.33, 0.75)],
    "梯形": [(0, 0), (1, 0), (0.75, 0.6), (0.2, 0.6)],
    "L 形": [(0, 0), (1, 0), (1, 0.37), (0.37, 0.37), (0.37, 1), (0, 1)],
    "矩形": [(0, 0), (1, 0), (1, 0.6), (0, 0.6)],
    "圆": [(0.5 * np.cos(angle), 0.5 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 120)],
    "半圆": [(0.5 * np.cos(angle), 0.5 * np.sin(angle)) for angle in np.linspace(0, np.pi, 60)],
}


def by_kind() -> list[str]:
    """Return a row for each kind of shape: what the attacks make of it at cells of 500 m, and whether it is drawn."""
    grid, random = lattice_for(500, LATITUDE), np.random.default_rng(16)
    rows = []
    for name, corners in KINDS.items():
        errors, drawn = [], 0
        for _ in range(24):
            flat = np.array(corners) * random.uniform(2500, 8000)
            turn = random.uniform(0, np.pi)
            flat = flat @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            shape = shapely.Polygon(flat / grid.scale + [112.4, 24.9] + random.uniform(0, 0.005, 2))
            cells = sample(shape, grid)
            if cells.count:
                errors.append(min(border_errors(cells, cells.polygon(), shape).values()))
            drawn += draw_zones(np.array([shape], dtype=object), grid, policy().least_protect_m)[0].cells is not None
        rows.append(f"| {name} | {np.median(errors):.0f} | {min(errors):.0f} | {drawn} / 24 |")
    return rows


def by_layer(source: Source, profile: Profile) -> tuple[list[str], list[str], float]:
    """Return a row for each layer, a row for each attack, and the seconds that publishing takes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        manifest = publish(source, profile, Path(folder) / "public")
        seconds = time.process_time() - start
    layers = [part for part in manifest.layers if part.attacks is not None]
    rows = []
    for part in layers:
        report = part.attacks
        assert report is not None
        hidden = "–" if report.hidden_least_m is None else f"≥ {report.hidden_least_m:g}"
        rows.append(
            f"| {part.title} | {report.zones} | {report.median_m:g} | {report.least_m:g} | {hidden} | "
            f"{report.cells_differing} | {'是' if report.coarser_implied else '否'} | "
            f"{report.near_share:.0%} | {report.near_by_chance:.0%} |"
        )
    attacks = []
    for name in BORDER_ATTACKS:
        kind, _, width = name.partition("_") if name.startswith(("smoothing", "taubin")) else (name, "", "")
        errors = [part.attacks.attacks.get(name) for part in layers if part.attacks]
        cells = " | ".join("–" if error is None else f"{error:g}" for error in errors)
        attacks.append(f"| {NAMES[kind].format(width)} | {cells} |")
    heads = " | ".join(part.title.removesuffix("（合成演示）") for part in layers)
    return rows, [f"| 攻击 | {heads} |", "|---|" + "---|" * len(layers), *attacks], seconds


def lists() -> tuple[int, int, int]:
    """Return how many careless profiles, leaking texts and kinds of tampering the tests hold."""
    careless, words = (
        len(yaml.safe_load((LISTS / name).read_text(encoding="utf-8")))
        for name in ("careless.yaml", "leaking_words.yaml")
    )
    checks = (LISTS / "test_checking.py").read_text(encoding="utf-8")
    planted = len(re.findall(r"^def _\w+\(folder\)|^    \"[^\"\n]+\": ", checks, re.MULTILINE))
    return careless, words, planted


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "disclosure.md")
    path: Path = options.parse_args().out
    start = time.process_time()
    source = open_source(CATALOG, as_of=AS_OF)
    opening = time.process_time() - start
    rows, attacks, seconds = by_layer(source, read_profile(PROFILE))
    careless, words, planted = lists()
    text = (ROOT / "benchmarks" / "disclosure.md.in").read_text(encoding="utf-8").format(
        cells="\n".join(by_cell_size(source_zones(source))),
        kinds="\n".join(by_kind()),
        layers="\n".join(rows),
        attacks="\n".join(attacks),
        opening=f"{opening:.0f}",
        seconds=f"{seconds:.0f}",
        careless=careless,
        words=words,
        planted=planted,
        protect=f"{policy().least_protect_m:g}",
        half=f"{policy().least_protect_m / 2:g}",
        reserve=f"{RESERVE * policy().least_protect_m:g}",
        cell=f"{lattice_for(policy().cell_m(policy().least_protect_m), LATITUDE).cell_m:g}",
        accuracy=f"{policy().accuracy_m(policy().cell_m(policy().least_protect_m)):g}",
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
