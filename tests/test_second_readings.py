"""Sites whose coordinates can be read in two ways: the same findings, or neither reading counts."""

import json

import pytest
import shapely

import lianzhou_gis as lg
from lianzhou_gis.errors import FormatError

OPTIONS = {"as_of": "2026-11-23", "themes": ["ecological_redline"]}
CATALOG = "layers/layers.yaml"


def red_line():
    catalog = lg.Catalog.open(CATALOG)
    layers = catalog.load(as_of="2026-11-23", themes=["ecological_redline"])
    return shapely.union_all([shape for layer in layers.layers for shape in layer.columns["geometry"].tolist()])


@pytest.fixture(scope="module")
def border_site():
    """A small site 100 m outside the red line: as GCJ-02 it would lie half a kilometre away."""
    ground = red_line()
    x, y = shapely.get_coordinates(shapely.get_exterior_ring(max(shapely.get_parts(ground), key=shapely.area)))[0]
    for east in (0.0005, -0.0005):
        for north in (0.0005, -0.0005):
            site = shapely.box(x + east, y + north, x + east + 0.00021234567, y + north + 0.00021234567)
            for step in range(1, 12):
                moved = shapely.affinity.translate(site, east * step, north * step)
                gcj = shapely.affinity.translate(moved, -0.0053, 0.0029)
                if not moved.intersects(ground) and gcj.within(ground):
                    return moved
    pytest.skip("no such place in the demo layers")


def written(folder, shape):
    path = folder / "site.geojson"
    path.write_text(shapely.to_geojson(shape))
    return path


def test_a_datum_that_is_only_assumed_is_a_gap_where_it_matters(tmp_path, border_site):
    path = written(tmp_path, border_site)
    assumed = lg.screen(path, CATALOG, **OPTIONS)
    assert "unreliable_datum" in assumed.gaps["reason"].tolist()
    assert assumed.sites["verdict"][0] != "no_conflict_found" and not assumed.sites["complete"][0]
    declared = lg.screen(path, CATALOG, datum="wgs84", **OPTIONS)
    assert "unreliable_datum" not in declared.gaps["reason"].tolist()


def test_readings_that_agree_are_noted(tmp_path):
    result = lg.screen(written(tmp_path, shapely.box(112.38, 24.78, 112.3812345678, 24.7812345678)), CATALOG, **OPTIONS)
    codes = [issue.code for issue in result.issues]
    assert ("readings_agree" in codes) != ("unreliable_datum" in result.gaps["reason"].tolist())


def test_packed_degrees_that_lead_to_other_findings_are_refused(tmp_path):
    ground = red_line()
    inside = shapely.get_parts(ground)[0].representative_point()

    def packed(value):
        seconds = round(value * 3600)
        return f"{seconds // 3600}.{seconds % 3600 // 60:02d}{seconds % 60:02d}"

    x, y = inside.x, inside.y
    corners = [(x, y), (x + 0.001, y), (x + 0.001, y + 0.001), (x, y + 0.001)]
    rows = "\n".join(f"J{n},{packed(a)},{packed(b)}" for n, (a, b) in enumerate(corners, 1))
    path = tmp_path / "a.csv"
    path.write_text(f"点号,经度,纬度\n{rows}\n", encoding="utf-8")
    try:
        result = lg.screen(path, CATALOG, crs="EPSG:4490", **OPTIONS)
    except FormatError as error:
        assert "the two readings lead to different findings" in error.en
    else:
        # Both lie in the zone, or the decimal reading lies outside the region.
        assert result.sites["verdict"][0] != "no_conflict_found"


def test_geojson_in_memory_has_both_readings_too():
    data = json.loads(shapely.to_geojson(shapely.box(112.38, 24.78, 112.3812345678, 24.7812345678)))
    assert lg.read_sites(data).second is not None
    assert lg.read_sites(data, datum="cgcs2000").second is None
