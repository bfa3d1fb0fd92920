"""The pipeline on the demo county: numbers by other methods, the seam, the API."""

from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

import lianzhou_gis as lg
from lianzhou_gis.errors import CatalogError, FactError
from lianzhou_gis.formats import read_facts
from lianzhou_gis.geodesy import Plane

LAYERS = Path(__file__).parent.parent / "layers"
SITES = LAYERS / "demo" / "sites"
GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


@pytest.fixture(scope="module")
def demo():
    return lg.screen(
        lg.read_sites(SITES / "sites.gpkg"),
        LAYERS / "layers.yaml",
        facts=read_facts(SITES / "facts.yaml"),
        as_of="2026-11-23",
    )


def test_net_areas_of_the_demo_agree_with_geopandas(demo):
    plane = Plane()
    areal = demo.sites[demo.sites["geometry_kind"] == "polygon"]
    left = gpd.GeoDataFrame({"site_id": areal["site_id"]}, geometry=plane.project(areal.geometry.to_numpy()))
    themes = {layer.entry.theme for layer in demo.layers.layers}
    compared = 0
    for theme in sorted(themes):
        layers = [layer.zones for layer in demo.layers.layers if layer.entry.theme == theme]
        shapes = np.concatenate(
            [plane.project(zones.geometry.to_numpy(), zones["survey_crs"].to_list()) for zones in layers]
        )
        whole = shapely.union_all(shapes[shapely.get_dimensions(shapes) == 2])
        theirs = gpd.overlay(left, gpd.GeoDataFrame(geometry=[whole]), keep_geom_type=True)
        theirs = theirs.assign(area=theirs.area).groupby("site_id")["area"].sum().to_dict()
        rows = demo.totals[(demo.totals["theme"] == theme) & demo.totals["grade"].isna()]
        ours = dict(zip(rows["site_id"], rows["net_area_m2"], strict=True))
        for site_id in areal["site_id"]:
            area = theirs.get(site_id, 0.0)
            assert ours.get(site_id, 0.0) == pytest.approx(area, rel=1e-6, abs=1e-3), (theme, site_id)
            compared += area > 0
    assert compared >= 40


def test_overlaps_of_the_demo_agree_with_geodesics(demo):
    rows = demo.overlaps[demo.overlaps["area_m2"] > 0]
    assert len(rows) > 60
    plane = Plane()
    # Edges are straight in the plane; a geodesic of 250 m bulges 0.6 mm from one, of 25 m by next to nothing.
    cut = plane.unproject(shapely.segmentize(plane.project_vertices(rows["geometry"].to_numpy()), 25.0))
    for row, dense in zip(rows.itertuples(), cut, strict=True):
        area = abs(GEOD.geometry_area_perimeter(dense)[0])
        assert row.area_m2 == pytest.approx(area, rel=1e-6, abs=1e-3), (row.site_id, row.zone_id)


def test_a_plot_on_the_seam_is_the_same_in_both_zones():
    one, other = (lg.read_sites(SITES / f"seam_{zone}.txt").frame for zone in (37, 38))
    assert {one["survey_crs"][0], other["survey_crs"][0]} == {"EPSG:4525", "EPSG:4526"}
    west, _, east, _ = one.total_bounds
    assert west < 112.5 < east
    perimeter = GEOD.geometry_length(one.geometry[0].exterior)
    # What is written to a millimetre is known to half of one along the whole border.
    assert abs(one["statutory_area_m2"][0] - other["statutory_area_m2"][0]) <= perimeter * 0.001
    results = [
        lg.screen(lg.read_sites(SITES / f"seam_{zone}.txt"), LAYERS / "layers.yaml", as_of="2026-11-23")
        for zone in (37, 38)
    ]
    first, second = (
        set(zip(result.overlaps["zone_id"], result.overlaps["relation"], strict=True)) for result in results
    )
    assert first == second


def test_the_seam_at_full_precision():
    shape = shapely.box(112.4987, 24.9042, 112.5013, 24.9058)
    areas = []
    for zone in (4525, 4526):
        frame = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[shape], crs="EPSG:4490").to_crs(f"EPSG:{zone}")
        areas.append(lg.read_sites(frame).frame["statutory_area_m2"][0])
    assert abs(areas[0] - areas[1]) <= 1e-4


def test_the_kindergarten_and_the_park_have_their_published_areas(demo):
    areas = demo.sites.set_index("site_id")["statutory_area_m2"]
    assert areas["DEMO-04"] == pytest.approx(3906.72, abs=0.005)
    assert areas["DEMO-05"] / 1e4 == pytest.approx(433.33, abs=0.005)


def test_checks_name_every_theme_of_every_site(demo):
    from lianzhou_gis.vocabulary import themes

    assert len(demo.checks) == len(demo.sites) * len(themes())
    assert set(demo.checks["status"]) <= {"hit", "none", "not_assessed", "not_in_scope"}


def test_no_site_with_a_gap_reads_as_no_conflict(demo):
    quiet = demo.sites[demo.sites["verdict"] == "no_conflict_found"]
    assert len(quiet) and quiet["complete"].all()
    assert not set(quiet["site_id"]) & set(demo.gaps["site_id"])


def test_explore_is_an_ordinary_folium_map(demo):
    figure = demo.explore()
    assert isinstance(figure, folium.Map)
    folium.Marker([24.8, 112.4]).add_to(figure)
    assert "DEMO-01" in figure.get_root().render()


def test_frames_are_in_cgcs2000(demo):
    for frame in (demo.sites, demo.findings, demo.gaps, demo.overlaps, demo.zones):
        assert frame.crs.to_epsg() == 4490


def test_before_the_code_no_finding_cites_it():
    result = lg.screen(
        lg.read_sites(SITES / "sites.gpkg"),
        LAYERS / "layers.yaml",
        facts=read_facts(SITES / "facts.yaml"),
        as_of="2026-08-14",
    )
    cited = {citation["law"] for citations in result.findings["citations"] for citation in citations}
    assert "ecological_code" not in cited and "water_pollution_law" in cited


def test_the_older_edition_of_the_red_line_is_used_on_its_day():
    result = lg.screen(lg.read_sites(SITES / "sites.gpkg"), LAYERS / "layers.yaml", as_of="2022-11-09")
    assert [layer.entry.id for layer in result.layers.layers if layer.entry.series == "redline"] == [
        "demo_redline_2018"
    ]


def test_facts_of_an_unknown_site_or_name_are_refused():
    sites = lg.read_sites(SITES / "sites.gpkg")
    with pytest.raises(FactError, match="DEMO-99"):
        lg.screen(sites, LAYERS / "layers.yaml", facts={"sites": {"DEMO-99": {}}})
    with pytest.raises(FactError, match="livestok"):
        lg.screen(sites, LAYERS / "layers.yaml", facts={"livestok": True})


def test_an_unknown_theme_is_refused():
    with pytest.raises(CatalogError, match="no theme water"):
        lg.screen(lg.read_sites(SITES / "sites.gpkg"), LAYERS / "layers.yaml", themes=["water"])


def test_steps_are_reported(county, square):
    reported = []
    catalog = county.write()
    frame = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[square(112.44, 24.87, 50)], crs="EPSG:4490")
    lg.screen(frame, catalog, as_of="2026-11-23", progress=reported.append)
    assert reported == ["sites", "layers", "overlay", "findings"]
