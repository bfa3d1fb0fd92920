"""From catalog entries to zones of the right edition, and what is said on the way."""

import geopandas as gpd
import shapely

BOX = shapely.box(112.4, 24.8, 112.41, 24.81)
FAR = shapely.box(112.6, 24.9, 112.61, 24.91)
COVER = shapely.box(112.2, 24.6, 112.8, 25.2).wkt


def codes(layers):
    return {issue.code for issue in layers.issues}


def reasons(layers):
    return [(gap.reason.value, gap.theme, gap.layer_id) for gap in layers.gaps]


def test_the_latest_edition_in_force_is_used(folder):
    for name, begin, end in (("old", "2018-01-01", "2022-11-09"), ("new", "2022-11-10", None)):
        folder.layer(
            {"zone_id": [name]}, [BOX], id=name, series="karst", valid_from=begin, valid_to=end, coverage=COVER
        )
    assert [layer.entry.id for layer in folder.load("2022-11-09").layers] == ["old"]
    assert [layer.entry.id for layer in folder.load("2022-11-10").layers] == ["new"]
    assert reasons(folder.load("2017-12-31")) == [("layer_missing", "karst_strong", "new")]


def test_different_series_of_a_theme_are_all_needed(folder):
    folder.layer({"zone_id": ["A"]}, [BOX], id="one", coverage=COVER)
    folder.layer(id="two", coverage=COVER)
    layers = folder.load()
    assert [layer.status for layer in layers.layers] == ["loaded", "layer_missing"]
    assert reasons(layers) == [("layer_missing", "karst_strong", "two")]


def test_zones_of_other_dates_are_left_out_aloud(folder):
    columns = {
        "zone_id": ["A", "B", "C"],
        "valid_from": [None, "2027-01-01", None],
        "valid_to": ["2026-11-23", None, "2026-11-22"],
    }
    folder.layer(columns, [BOX, BOX, BOX], id="karst", coverage=COVER)
    layers = folder.load()
    assert list(layers.layers[0].zones["zone_id"]) == ["A"]
    assert "zones_of_other_dates" in codes(layers)


def test_the_same_place_from_every_system(folder):
    for crs in ("EPSG:4490", "EPSG:4525", "EPSG:4526", "EPSG:4547"):
        folder.layer({"zone_id": ["A"]}, [BOX], id=crs.replace(":", ""), crs=crs, coverage=COVER)
    layers = folder.load().layers
    for layer in layers:
        assert shapely.hausdorff_distance(layer.zones.geometry.iloc[0], BOX) < 1e-9
    assert {layer.zones["survey_crs"].iloc[0] for layer in layers} == {None, "EPSG:4525", "EPSG:4526", "EPSG:4547"}


def test_the_catalog_may_state_in_which_system_edges_are_straight(folder):
    folder.layer({"zone_id": ["A"]}, [BOX], id="karst", coverage=COVER, survey_crs="EPSG:4525")
    assert list(folder.load().layers[0].zones["survey_crs"]) == ["EPSG:4525"]


def test_a_file_outside_the_folder_is_not_read(folder):
    folder.layer(id="karst", file="../secret.gpkg", coverage=COVER)
    layers = folder.load()
    assert reasons(layers) == [("read_error", "karst_strong", "karst")]
    assert "out of the catalog's folder" in layers.gaps[0].en


def test_one_failure_does_not_take_the_others_with_it(folder):
    folder.layer({"zone_id": ["A"]}, [BOX], id="good", coverage=COVER)
    folder.layer(id="bad", file="bad.gpkg", coverage=COVER)
    (folder.path / "bad.gpkg").write_bytes(b"SQLite format 3\x00garbage")
    statuses = {layer.entry.id: layer.status for layer in folder.load().layers}
    assert statuses == {"good": "loaded", "bad": "read_error"}


def test_counts_above_what_is_expected_are_a_word_and_no_gap(folder):
    folder.layer({"zone_id": ["A", "B"]}, [BOX, FAR], id="karst", coverage=COVER, expected_count=1)
    layers = folder.load()
    assert "count_above_expected" in codes(layers) and reasons(layers) == []


def test_a_column_to_count_by_that_is_not_there(folder):
    folder.layer({"zone_id": ["A"]}, [BOX], id="karst", coverage=COVER, expected_count=1, count_by="nothing")
    assert reasons(folder.load()) == [("layer_incomplete", "karst_strong", "karst")]


def test_the_recorded_hash_is_retained_or_reported(folder):
    entry = folder.layer({"zone_id": ["A"], "name": ["甲"]}, [BOX], id="karst", coverage=COVER)
    sha256 = folder.load().layers[0].sha256
    entry["sha256"] = sha256
    assert reasons(folder.load()) == []
    entry["sha256"] = "0" * 64
    assert reasons(folder.load()) == [("layer_incomplete", "karst_strong", "karst")]


def test_areas_are_compared_with_those_approved(folder):
    folder.layer(
        {"zone_id": ["A"], "official_area_m2": [5.0]}, [BOX], id="karst", coverage=COVER, official_area_m2=1.12e6
    )
    layers = folder.load()
    differing = [issue for issue in layers.issues if issue.code == "area_differs_from_official"]
    assert [issue.where for issue in differing] == ["layer karst, zone A"]


def test_coverage_by_file_wkt_and_administrative_zone(folder):
    folder.layer(
        {"zone_id": ["441882"], "name": ["县"]},
        [shapely.box(112.2, 24.6, 112.8, 25.2)],
        id="places",
        theme="administrative",
        coverage=COVER,
    )
    folder.layer({"zone_id": ["A"]}, [BOX], id="one", coverage="administrative:441882")
    folder.layer({"zone_id": ["A"]}, [BOX], id="two", coverage="places.gpkg")
    folder.layer({"zone_id": ["A"]}, [BOX], id="three", coverage="administrative:000000")
    folder.layer({"zone_id": ["A"]}, [BOX], id="four", coverage="POINT (112 24)")
    layers = {layer.entry.id: layer.coverage for layer in folder.load().layers}
    assert layers["one"].equals(layers["two"])
    assert layers["three"] is None and layers["four"] is None
    gaps = {gap.layer_id: gap.reason.value for gap in folder.load().gaps}
    assert gaps == {"three": "outside_coverage", "four": "outside_coverage"}


def test_coverage_does_not_hang_on_the_scope(folder):
    folder.layer(
        {"zone_id": ["441882"]},
        [shapely.box(112.2, 24.6, 112.8, 25.2)],
        id="places",
        theme="administrative",
        coverage=COVER,
    )
    folder.layer({"zone_id": ["A"]}, [BOX], id="one", coverage="administrative:441882")
    layers = folder.load(scope=["karst_strong"])
    assert [layer.entry.id for layer in layers.layers] == ["one"]
    assert layers.layers[0].coverage is not None and not layers.gaps


def test_without_an_expected_count_no_layer_is_whole(folder):
    entry = folder.layer({"zone_id": ["A"]}, [BOX], id="karst", coverage=COVER)
    sha256 = folder.load().layers[0].sha256
    del entry["expected_count"], entry["count_by"]
    # A truncated file that was imported has the hash of a truncated file.
    entry |= {"row_count": 1, "sha256": sha256}
    assert reasons(folder.load()) == [("layer_incomplete", "karst_strong", "karst")]
    entry["uncounted"] = "普查未公布数量（示例局，张某）"
    layers = folder.load()
    assert reasons(layers) == [] and "uncounted" in codes(layers)


def test_a_repeated_row_does_not_are_for_a_missing_one(folder):
    folder.layer({"zone_id": ["A", "A"]}, [BOX, BOX], id="karst", coverage=COVER, expected_count=2, count_by="zone_id")
    layers = folder.load()
    assert reasons(layers) == [("layer_incomplete", "karst_strong", "karst")] * 2
    assert "identical_rows" in codes(layers)


def test_a_repeated_id_counts_once(folder):
    folder.layer({"zone_id": ["A", "A"]}, [BOX, FAR], id="karst", coverage=COVER, expected_count=2, count_by="zone_id")
    assert reasons(folder.load()) == [("layer_incomplete", "karst_strong", "karst")]


def test_identical_rows_without_an_id_are_an_error(folder):
    folder.layer({"name": ["甲", "甲"]}, [BOX, BOX], id="karst", coverage=COVER)
    assert reasons(folder.load()) == [("layer_incomplete", "karst_strong", "karst")]


def test_lines_beside_areas_are_a_gap_of_their_own(folder):
    line = shapely.LineString([(112.5, 24.9), (112.51, 24.9)])
    mixed = shapely.GeometryCollection([BOX, shapely.GeometryCollection([line])])
    folder.layer({"zone_id": ["A", "B"]}, [mixed, FAR], id="karst", coverage=COVER)
    layers = folder.load()
    assert [(gap.reason.value, gap.zone_id) for gap in layers.gaps] == [("no_geometry", "A")]
    assert layers.gaps[0].everywhere


def test_two_editions_in_force_of_which_one_has_no_first_day(folder):
    folder.layer({"zone_id": ["A"]}, [BOX], id="old", series="karst", coverage=COVER)
    folder.layer({"zone_id": ["B"]}, [BOX], id="new", series="karst", valid_from="2022-11-10", coverage=COVER)
    assert reasons(folder.load("2022-11-09")) == []
    assert reasons(folder.load("2022-11-10")) == [("layer_incomplete", "karst_strong", "new")]


def test_a_coverage_passes_on_the_gaps_of_the_administrative_layer(folder):
    folder.layer(
        {"zone_id": ["441882"]},
        [shapely.box(112.2, 24.6, 112.8, 25.2)],
        id="places",
        theme="administrative",
        coverage=COVER,
        expected_count=13,
    )
    folder.layer({"zone_id": ["A"]}, [BOX], id="one", coverage="administrative:441882")
    folder.layer({"zone_id": ["A"]}, [BOX], id="two", coverage=COVER)
    for scope in (["karst_strong"], ["administrative", "karst_strong"]):
        found = reasons(folder.load(scope=scope))
        assert ("layer_incomplete", "karst_strong", "one") in found
        assert ("layer_incomplete", "karst_strong", "two") not in found


def test_a_coverage_file_in_an_old_datum_is_unreliable(folder):
    area = gpd.GeoDataFrame(geometry=[shapely.box(112.2, 24.6, 112.8, 25.2)], crs="EPSG:4490")
    area.to_crs("EPSG:4610").to_file(folder.path / "cover.gpkg", engine="pyogrio")
    folder.layer({"zone_id": ["A"]}, [BOX], id="karst", coverage="cover.gpkg")
    assert ("unreliable_datum", "karst_strong", "karst") in reasons(folder.load())
