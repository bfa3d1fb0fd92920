"""One site from a cold process: what is not needed is not imported, and layers that are at hand are not read."""

import ast
import json
import os
import subprocess
import sys

import shapely

HEAVY = {
    "pandas",
    "pyarrow",
    "geopandas",
    "folium",
    "branca",
    "pyogrio",
    "fiona",
    "rasterio",
    "matplotlib",
    "dask",
    "distributed",
    "psycopg",
    "pydantic",
    "yaml",
}
RUN = """
import sys
from lianzhou_gis.cli import main
try:
    main()
finally:
    print(sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def screened(path, cache):
    command = [sys.executable, "-c", RUN, "screen", str(path), "--json", "--as-of", "2026-11-23"]
    environment = {**os.environ, "LIANZHOU_GIS_CACHE": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout), set(ast.literal_eval(done.stderr.splitlines()[-1]))


def test_one_site_with_the_cache_at_hand_imports_no_tables_and_no_gis_library_but_shapely_and_pyproj(tmp_path):
    site = json.loads(shapely.to_geojson(shapely.box(112.38, 24.78, 112.384, 24.783)))
    feature = {"type": "Feature", "properties": {}, "geometry": site}
    path = tmp_path / "one.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    first, _ = screened(path, tmp_path / "cache")
    second, loaded = screened(path, tmp_path / "cache")
    assert loaded & HEAVY == set()
    assert {"shapely", "pyproj", "numpy"} <= loaded
    for reported in (first, second):
        reported["run"].pop("created")
        reported["seal"].pop("moment_sha256")
    assert first == second and len(first["sites"]) == 1
