"""The coverage of a new layer is declared, and never the extent of its features."""

import pytest
import shapely

from lianzhou_gis.errors import CatalogError, LianzhouError

BOX = shapely.box(112.4, 24.8, 112.41, 24.81)
OTHER = shapely.box(112.42, 24.83, 112.43, 24.84)
CITY = shapely.box(112.1, 24.6, 112.8, 25.2)


@pytest.fixture
def path(desk):
    return desk.file({"级别": ["一级", "二级"]}, [BOX, OTHER])


def test_nothing_is_imported_without_a_word_on_coverage(desk, path):
    assert [question.kind for question in desk.plan(path, expected_count=1).questions] == ["coverage"]
    done = desk.bring(path, no_coverage=True)
    assert done.entry.coverage is None
    assert "no_coverage" in {issue.code for issue in done.issues}


@pytest.mark.parametrize(
    "extent", [shapely.box(112.4, 24.8, 112.43, 24.84), shapely.MultiPolygon([BOX, OTHER]).convex_hull]
)
def test_the_extent_of_the_features_is_no_coverage(desk, path, extent):
    with pytest.raises(CatalogError, match="the extent of the features themselves"):
        desk.bring(path, coverage=extent.wkt)


def test_a_file_is_retained_beside_the_catalog(desk, path):
    border = desk.file({"名称": ["某市"]}, [CITY], name="border.shp", crs="EPSG:4525")
    done = desk.bring(path, coverage=str(border))
    assert done.entry.coverage == "water_source_zone.coverage.gpkg"
    assert (desk.catalog_path.parent / done.entry.coverage).is_file()
    assert not done.dry_run and "water_source_zone.coverage.gpkg" in done.files


def test_an_administrative_area_must_be_there(desk, path):
    with pytest.raises(CatalogError, match="--as administrative"):
        desk.bring(path, coverage="administrative:441882")
    towns = desk.file({"XZQDM": ["441882"], "XZQMC": ["某市"]}, [CITY], name="towns.gpkg")
    desk.bring(towns, "administrative", columns={"XZQDM": "zone_id"}, coverage="administrative:441882")
    assert desk.bring(path, coverage="administrative:441882").entry.coverage == "administrative:441882"
    with pytest.raises(CatalogError, match="no administrative zone 999"):
        desk.bring(path, id="again", coverage="administrative:999")


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        ("union", "control units only"),
        ("POLYGON ((112 24, 113 25, 113 24, 112 25, 112 24))", "crosses itself"),
        (
            "POLYGON ((37600000 2700000, 37700000 2700000, 37700000 2800000, 37600000 2700000))",
            "longitude and latitude",
        ),
        ("gone.gpkg", "no such file"),
    ],
)
def test_a_declaration_that_leads_nowhere(desk, path, coverage, words):
    with pytest.raises(LianzhouError, match=words):
        desk.bring(path, coverage=coverage)
    assert not desk.catalog_path.exists()
