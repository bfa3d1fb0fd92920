"""Drawings: arcs within the stated tolerance, areas, holes, mirrored and inserted entities."""

import math

import ezdxf
import pytest
import shapely

from lianzhou_gis.errors import FormatError, ReferenceSystemError
from lianzhou_gis.formats import read_features, read_sites
from lianzhou_gis.formats.dxf import read_dxf
from lianzhou_gis.formats.dxf_outlines import ARC_TOLERANCE_M

E, N = 650_500.0, 2_746_900.0
SQUARE = [(E, N), (E + 200, N), (E + 200, N + 200), (E, N + 200)]
HOLE = [(E + 50, N + 50), (E + 100, N + 50), (E + 100, N + 100), (E + 50, N + 100)]


@pytest.fixture
def drawn(tmp_path):
    """Draw, save, and read the raw outlines again."""

    def run(draw, version="R2010", **options):
        document = ezdxf.new(version)
        draw(document, document.modelspace())
        path = tmp_path / "a.dxf"
        document.saveas(path, **options)
        return read_dxf(path, "a.dxf", None, None)

    return run


def codes(raw):
    return [issue.code for issue in raw.issues]


@pytest.mark.parametrize("bulge", [1.0, -1.0, 0.2, -0.2, 2.5])
def test_bulges_have_the_area_of_their_arcs(drawn, bulge):
    raw = drawn(
        lambda _, space: space.add_lwpolyline(
            [(E, N, bulge), *[(x, y, 0) for x, y in SQUARE[1:]]], format="xyb", close=True
        )
    )
    angle = 4 * math.atan(abs(bulge))
    radius = 100 / math.sin(angle / 2)
    segment = radius**2 / 2 * (angle - math.sin(angle))
    expected = 40_000 + math.copysign(segment, bulge)
    shape = raw.geometries[0]
    # Chords lie within the tolerance of the arc, so that the area differs by less than its length times that.
    assert shape.is_valid or bulge == -2.5
    assert abs(shape.area - expected) < ARC_TOLERANCE_M * radius * angle
    assert "curves_linearised" in codes(raw)


def test_points_of_an_arc_lie_on_it(drawn):
    raw = drawn(lambda _, space: space.add_lwpolyline([(E, N, 1.0), (E + 200, N, 0)], format="xyb", close=True))
    away = shapely.get_coordinates(raw.geometries[0]) - (E + 100, N)
    assert max(abs(math.hypot(x, y) - 100) for x, y in away) < 1e-6


def test_circles_ellipses_and_splines_are_areas(drawn):
    def draw(_, space):
        space.add_circle((E, N), 50)
        space.add_ellipse((E, N), major_axis=(100, 0), ratio=0.5)
        spline = space.add_spline()
        spline.set_closed([(E, N, 0), (E + 100, N, 0), (E + 100, N + 100, 0), (E, N + 100, 0)], degree=3)
        space.add_arc((E, N), 50, 0, 90)

    raw = drawn(draw)
    assert [shape.geom_type for shape in raw.geometries] == ["Polygon", "Polygon", "Polygon", "LineString"]
    assert raw.geometries[0].area == pytest.approx(math.pi * 2500, rel=2e-4)
    assert raw.geometries[1].area == pytest.approx(math.pi * 5000, rel=2e-4)


def test_hatches_have_holes_and_arcs(drawn):
    def draw(_, space):
        hatch = space.add_hatch()
        hatch.paths.add_polyline_path(SQUARE, is_closed=True)
        hatch.paths.add_polyline_path(HOLE, is_closed=True)
        edges = space.add_hatch().paths.add_edge_path()
        edges.add_line((E, N), (E + 200, N))
        edges.add_arc((E + 100, N), 100, 0, 180)

    raw = drawn(draw)
    assert raw.geometries[0].area == pytest.approx(40_000 - 2_500)
    assert raw.geometries[1].area == pytest.approx(math.pi * 5_000, rel=2e-4)


def test_edges_that_do_not_meet_are_no_border(drawn):
    def draw(_, space):
        edges = space.add_hatch().paths.add_edge_path()
        edges.add_line((E, N), (E + 200, N))
        edges.add_line((E + 200, N + 1), (E, N + 100))

    raw = drawn(draw)
    assert raw.geometries.tolist() == [None] and "geometry_unreadable" in codes(raw)


def test_mirrored_and_inserted_outlines_lie_where_they_are_drawn(drawn):
    def draw(document, space):
        mirrored = [(-x, y) for x, y in SQUARE]
        space.add_lwpolyline(mirrored, close=True, dxfattribs={"extrusion": (0, 0, -1)})
        block = document.blocks.new("plot")
        block.add_lwpolyline([(0, 0), (100, 0), (100, 100), (0, 100)], close=True)
        space.add_blockref("plot", (E, N), dxfattribs={"xscale": 2, "yscale": 2})

    raw = drawn(draw)
    for shape in raw.geometries:
        assert shape.bounds == pytest.approx((E, N, E + 200, N + 200))


def test_what_closes_an_outline(drawn):
    def draw(_, space):
        space.add_lwpolyline(SQUARE, close=True)
        space.add_lwpolyline([*SQUARE, SQUARE[0]])
        space.add_lwpolyline(SQUARE)
        space.add_polyline3d([(x, y, 9.0) for x, y in SQUARE], close=True)
        space.add_line(SQUARE[0], SQUARE[1])

    raw = drawn(draw)
    kinds = [shape.geom_type for shape in raw.geometries]
    assert kinds == ["Polygon", "Polygon", "LineString", "Polygon", "LineString"]


def test_an_outline_inside_another_is_not_made_a_hole(drawn):
    def draw(_, space):
        space.add_lwpolyline(SQUARE, close=True)
        space.add_lwpolyline(HOLE, close=True)

    raw = drawn(draw)
    assert raw.geometries[0].area == 40_000 and "outline_inside" in codes(raw)


def test_layers_and_texts_of_programs_are_columns(drawn):
    def draw(document, space):
        document.appids.add("SOUTH")
        document.layers.add("用地红线").off()
        line = space.add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "用地红线"})
        line.set_xdata("SOUTH", [(1000, "300000"), (1000, "宗地12")])

    raw = drawn(draw)
    assert raw.columns["layer"].tolist() == ["用地红线"]
    assert raw.columns["xdata"].tolist() == ["SOUTH: 300000, 宗地12"]
    assert "layer_hidden" in codes(raw)


def test_binary_drawings_are_read(drawn):
    raw = drawn(lambda _, space: space.add_lwpolyline(SQUARE, close=True), fmt="bin")
    assert raw.geometries[0].area == 40_000


def test_a_drawing_needs_a_reference_system(tmp_path):
    document = ezdxf.new()
    document.modelspace().add_lwpolyline(SQUARE, close=True)
    document.saveas(tmp_path / "a.dxf")
    with pytest.raises(ReferenceSystemError, match="EPSG:4546"):
        read_features(tmp_path / "a.dxf")
    sites = read_sites(tmp_path / "a.dxf", crs="EPSG:4546")
    assert sites.frame["statutory_area_m2"][0] == pytest.approx(39_977.61, abs=0.01)


def test_a_damaged_number_is_not_recovered(tmp_path):
    document = ezdxf.new("R2000")
    document.modelspace().add_lwpolyline(SQUARE, close=True)
    document.saveas(tmp_path / "a.dxf")
    content = (tmp_path / "a.dxf").read_text()
    (tmp_path / "a.dxf").write_text(content.replace("2747100.0", "27471V0.0"))
    with pytest.raises(FormatError, match="damaged"):
        read_features(tmp_path / "a.dxf", crs="EPSG:4546")


def test_thousands_of_rings_around_one_another_are_counted_in_a_moment(drawn):
    def draw(_, space):
        for step in range(1500):
            low, high = E - step, E + 1000 + step
            space.add_lwpolyline([(low, low), (high, low), (high, high), (low, high)], close=True)
        space.add_ellipse((E, E + 5000), major_axis=(300, 0), ratio=0.5)

    raw = drawn(draw)
    (stated,) = [issue.en for issue in raw.issues if issue.code == "outline_inside"]
    assert stated.startswith("1499 closed outlines")
    # An ellipse keeps its area to the tolerance of its chords.
    assert raw.geometries[-1].area == pytest.approx(math.pi * 300 * 150, rel=1e-4)


def survey(_, space):
    """A plot with the signs of its corners, and the frame of the sheet on a layer of its own."""
    space.add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "红线"})
    for corner in SQUARE:
        space.add_circle(corner, 1.0, dxfattribs={"layer": "红线"})
    space.add_text("J1", dxfattribs={"layer": "注记"})


def test_the_circles_of_survey_points_are_no_projects(drawn):
    raw = drawn(survey)
    assert [shape.geom_type for shape in raw.geometries] == ["Polygon"] and "point_signs_dropped" in codes(raw)


def test_a_circle_that_is_no_sign_stays(drawn):
    def draw(_, space):
        survey(_, space)
        space.add_circle((E + 100, N + 100), 3.0, dxfattribs={"layer": "红线"})
        space.add_circle(SQUARE[0], 30.0, dxfattribs={"layer": "红线"})

    assert len(drawn(draw).geometries) == 3


def test_several_layers_are_named_and_asked_for(drawn):
    def draw(_, space):
        survey(_, space)
        frame = [(E - 500, N - 500), (E + 500, N - 500), (E + 500, N + 500), (E - 500, N + 500)]
        space.add_lwpolyline(frame, close=True, dxfattribs={"layer": "图框"})

    with pytest.raises(FormatError, match=r"图框 \(1 closed.*红线 \(5 closed outlines, 4 of them circles.*--layer"):
        drawn(draw)


def test_points_on_other_layers_are_not_asked_about(drawn):
    def draw(_, space):
        survey(_, space)
        space.add_point((E, N), dxfattribs={"layer": "高程点"})

    raw = drawn(draw)
    assert len(raw.geometries) == 1 and "drawing_points_dropped" in codes(raw)


@pytest.mark.parametrize(("gap", "kind"), [(0.005, "Polygon"), (0.05, "LineString")])
def test_a_polyline_that_ends_within_a_centimetre_of_its_start_is_an_area(drawn, gap, kind):
    raw = drawn(lambda _, space: space.add_lwpolyline([*SQUARE, (E, N + gap)]))
    assert [shape.geom_type for shape in raw.geometries] == [kind]
