"""Sites and layers made by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.layers import COLUMNS, Layer
from lianzhou_gis.table import Columns


def make_sites(shapes, **columns):
    shapes = list(shapes)
    count = len(shapes)
    table = {
        "site_id": [f"S{number:04d}" for number in range(count)],
        "survey_crs": [None] * count,
        "accuracy_m": [0.1] * count,
        "corridor_width_m": [np.nan] * count,
        "outfall": [None] * count,
        **columns,
    }
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4490"), crs="EPSG:4490")


def make_layer(theme, shapes, coverage=None, **columns):
    count = len(shapes)
    table = {name: [None] * count for name in COLUMNS}
    table |= {
        "zone_id": [f"Z{number:04d}" for number in range(count)],
        "layer_id": ["layer"] * count,
        "theme": [theme] * count,
        "accuracy_m": [0.1] * count,
        **columns,
    }
    zones = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4490"), crs="EPSG:4490")
    entry = LayerEntry(id="layer", series="layer", theme=theme, path="x.gpkg")
    return Layer(entry, Columns.of_frame(zones), "loaded", coverage, None)


@pytest.fixture(scope="session", name="make_sites")
def _make_sites():
    return make_sites


@pytest.fixture(scope="session", name="make_layer")
def _make_layer():
    return make_layer


@pytest.fixture(scope="session")
def county_sites():
    """Sites of 0.1 to 200 ha all over the demo county; some facts are given, some not."""
    random = np.random.default_rng(3)
    shapes = []
    for lon, lat in random.uniform((112.2, 24.7), (112.7, 25.1), (60, 2)):
        corners = int(random.integers(4, 40))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.sqrt(10 ** random.uniform(3, 6.3) / np.pi) / 105_000 * random.uniform(0.7, 1.3, corners)
        shapes.append(shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])))
    table = {
        "site_id": [f"DEMO-{number:04d}" for number in range(60)],
        "livestock": random.choice(["yes", "no", None], 60),
        "accuracy_m": 0.5,
    }
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4490"), crs="EPSG:4490")
