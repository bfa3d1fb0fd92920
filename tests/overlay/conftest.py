"""Sites and layers made by hand."""

import geopandas as gpd
import numpy as np
import pytest

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.zones import COLUMNS, Layer


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
    return Layer(entry, zones, "loaded", coverage, None)


@pytest.fixture(scope="session", name="make_sites")
def _make_sites():
    return make_sites


@pytest.fixture(scope="session", name="make_layer")
def _make_layer():
    return make_layer
