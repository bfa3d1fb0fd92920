"""A file of sites all over the demo county, and the batch of it that was never disturbed."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lianzhou_gis.batch import run_batch
from lianzhou_gis.geodesy import Plane

CATALOG = "layers/layers.yaml"
DAY = "2026-11-23"
COUNT = 90
# Small, so that a batch can be stopped in the middle.
CHUNK = 3
TABLES = ("sites", "overlaps", "findings", "gaps", "certificates")


def make_sites(count, seed=7):
    random = np.random.default_rng(seed)
    plane = Plane()
    middle = shapely.points(random.uniform((112.2, 24.7), (112.7, 25.1), (count, 2)))
    shapes = []
    for x, y in shapely.get_coordinates(plane.project(middle)):
        corners = int(random.integers(4, 40))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.sqrt(10 ** random.uniform(3, 6.3) / np.pi) * random.uniform(0.7, 1.3, corners)
        shapes.append(shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])))
    table = {
        "site_id": [f"DEMO-{number:04d}" for number in random.permutation(count)],
        "name": ["示例项目"] * count,
        "livestock": random.choice(["yes", "no", None], count),
        "accuracy_m": 0.5,
    }
    return gpd.GeoDataFrame(table, geometry=plane.unproject(np.array(shapes)), crs="EPSG:4490")


def tables(folder):
    """All tables of a batch in one order, whatever chunk each row stands in."""
    found = {}
    for table in TABLES:
        frame = pd.concat([pd.read_parquet(path) for path in sorted((folder / table).glob("*.parquet"))])
        if "geometry" in frame:
            frame["geometry"] = [blob.hex() if isinstance(blob, bytes) else None for blob in frame["geometry"]]
        plain = (str, type(None), float)
        keys = [name for name in frame.columns if all(isinstance(value, plain) for value in frame[name].tolist())]
        found[table] = frame.sort_values(keys, ignore_index=True, kind="stable")
    return found


def bytes_of(folder):
    parts = [path for name in TABLES for path in sorted((folder / name).glob("*.parquet"))]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in parts}


@pytest.fixture(scope="session")
def sites():
    return make_sites(COUNT)


@pytest.fixture(scope="session")
def parquet(sites, tmp_path_factory):
    path = tmp_path_factory.mktemp("sites") / "sites.parquet"
    sites.to_parquet(path)
    return path


@pytest.fixture(scope="session")
def undisturbed(parquet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    run_batch(parquet, CATALOG, folder, as_of=DAY, chunk=CHUNK, workers=1)
    return folder
