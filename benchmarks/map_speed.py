"""Size, first paint and panning of a map of 2 million vertices, in Chromium with the network off.

Run as ``python benchmarks/map_speed.py [--vertices N] [--page FILE]``; prints one line per measure.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from playwright.sync_api import sync_playwright

from lianzhou_gis.maps import page
from lianzhou_gis.maps.payload import frame_of
from lianzhou_gis.maps.zone_layers import bounds_of, zone_layers

SEED = 20261126
THEMES = ("ecological_redline", "water_source_zone", "livestock_prohibited_zone", "nature_reserve", "wetland")
PAINTED = """() => [...document.querySelectorAll(".leaflet-tile-pane canvas, .leaflet-pane canvas")].some((tile) => {
  const data = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data;
  for (let index = 3; index < data.length; index += 64) if (data[index]) return true;
  return false; })"""
FRAMES = """() => { window.frames_ = []; let last = performance.now();
  const tick = (now) => { window.frames_.push(now - last); last = now; window.ticking = requestAnimationFrame(tick); };
  window.ticking = requestAnimationFrame(tick); }"""


def layer_set(vertices: int) -> gpd.GeoDataFrame:
    """Return zones of five themes with so many vertices in all: areas with ragged borders."""
    random = np.random.default_rng(SEED)
    number = 400
    each = vertices // number
    shapes = []
    for _ in range(number):
        angle = np.linspace(0, 2 * np.pi, each, endpoint=False)
        rough = np.zeros(each)
        for wave in (2, 3, 5, 9, 17, 40, 90, 200, 500):
            rough += random.normal(0, 0.25 / wave**0.8) * np.sin(wave * angle + random.uniform(0, 6.3))
        radius = random.uniform(0.012, 0.03) * (1 + 0.5 * rough)
        # Corners stand out by some 8 m, so that simplifying for drawing takes few of them away.
        radius = radius + random.normal(0, 7e-5, each)
        lon, lat = random.uniform(112.15, 112.75), random.uniform(24.65, 25.15)
        shapes.append(shapely.Polygon(np.column_stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)])))
    themes = [THEMES[place % len(THEMES)] for place in range(number)]
    frame = {
        "theme": themes,
        "layer_id": themes,
        "zone_id": [f"DEMO-{place}" for place in range(number)],
        "name": [f"示例区{place}" for place in range(number)],
        "grade": None,
    }
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490")


def written(vertices: int, folder: Path) -> tuple[Path, float]:
    """Write the page and return it with how far lines were moved, metres."""
    zones = layer_set(vertices)
    layers, moved_m = zone_layers(zones, {name: name for name in THEMES})
    data: dict[str, Any] = frame_of(title="测速", layers=layers, bounds=bounds_of(zones.geometry.to_numpy()))
    path = folder / "speed.html"
    path.write_text(page(data), encoding="utf-8")
    print(f"vertices in the layers {int(shapely.get_num_coordinates(zones.geometry.to_numpy()).sum()):>12,}")
    return path, moved_m


def measured(path: Path) -> dict[str, float]:
    """Open a page and pan it for three seconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        view = browser.new_context(offline=True, viewport={"width": 1400, "height": 900}).new_page()
        start = time.perf_counter()
        view.goto(path.as_uri(), wait_until="commit")
        view.wait_for_function(PAINTED, polling=20, timeout=120_000)
        painted = time.perf_counter() - start
        contentful = view.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
        view.wait_for_timeout(2000)
        box = view.locator(".folium-map").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        view.evaluate(FRAMES)
        view.mouse.move(x, y)
        view.mouse.down()
        for step in range(120):
            view.mouse.move(x + 250 * np.sin(step / 10), y + 180 * np.cos(step / 14) - 180)
            view.wait_for_timeout(20)
        view.mouse.up()
        frames = np.array(view.evaluate("window.frames_")[1:])
        browser.close()
    return {
        "first paint, s": painted,
        "first contentful paint, s": contentful / 1000,
        "longest frame while panning, ms": float(frames.max()),
        "frames a second while panning": 1000 / float(frames.mean()),
        "frames over 50 ms": float((frames > 50).sum()),
    }


def main() -> None:
    """Print size and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vertices", type=int, default=2_000_000)
    parser.add_argument("--page", type=Path, help="measure this page instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.page:
            path = given.page.resolve()
        else:
            path, moved_m = written(given.vertices, Path(folder))
            print(f"lines moved for drawing, m {moved_m:>9.1f}")
        print(f"size, MB {path.stat().st_size / 1e6:>27.2f}")
        for name, value in measured(path).items():
            print(f"{name:<33}{value:>10.2f}")


if __name__ == "__main__":
    main()
