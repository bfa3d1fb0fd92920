"""A run of two sites read from files, made once: repeated, altered and compared in copies."""

import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

SITES_AT = {"DEMO-A": (112.44, 24.87), "DEMO-B": (112.5, 24.95)}
KNOWN = {"target_use": "industrial", "construction_nature": "new", "related_to_water_supply": "no", "is_linear": "no"}


@pytest.fixture(scope="session")
def filed(tmp_path_factory, county_class):
    """The county, its catalog, and a run folder of two sites."""
    folder = tmp_path_factory.mktemp("filed")
    county = county_class(folder)
    shapes = [shapely.box(lon, lat, lon + 0.001, lat + 0.001) for lon, lat in SITES_AT.values()]
    county.add("ecological_redline", shapes[0].buffer(0.004), grade="一般控制区", zone_id="DEMO-HX", name="甲红线")
    county.add("water_source_zone", shapes[0].buffer(0.004), grade="一级", zone_id="DEMO-SY", source_name="甲")
    path = folder / "sites.gpkg"
    frame = gpd.GeoDataFrame(
        {"site_id": list(SITES_AT), "name": ["甲项目", "乙项目"], "accuracy_m": [0.5, 0.5]},
        geometry=shapes,
        crs="EPSG:4490",
    )
    frame.to_file(path, driver="GPKG", layer="sites")
    result = county.screen(path, KNOWN)
    return county, path, result.save(folder / "run")


@pytest.fixture
def copied(filed, tmp_path):
    """A copy of the run folder."""
    return Path(shutil.copytree(filed[2], tmp_path / "run"))
