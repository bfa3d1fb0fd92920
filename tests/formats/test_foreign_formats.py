"""Formats beyond our own readers come in through a bounded process, and pass all our checks."""

import json
import subprocess
import zipfile

import fiona
import pytest
import shapely

from lianzhou_gis.errors import FormatError, MissingFileError
from lianzhou_gis.formats import foreign_formats, read_features, read_sites
from lianzhou_gis.formats.kinds import Kind, detect_kind
from lianzhou_gis.formats.wholeness import WholenessGround

PLOT = shapely.box(112.4300001, 24.8000001, 112.4320001, 24.8020001)
WRITTEN = {
    "tab": ("MapInfo File", Kind.MAPINFO_TAB),
    "mif": ("MapInfo File", Kind.MAPINFO_MIF),
    "gml": ("GML", Kind.GML),
    "sqlite": ("SQLite", Kind.GEOPACKAGE),
}


def written(folder, suffix):
    path = folder / f"plots.{suffix}"
    schema = {"geometry": "Polygon", "properties": {"name": "str"}}
    with fiona.open(path, "w", driver=WRITTEN[suffix][0], schema=schema, crs="EPSG:4490") as layer:
        layer.write({"geometry": shapely.geometry.mapping(PLOT), "properties": {"name": "A"}})
        layer.write({"geometry": shapely.geometry.mapping(PLOT), "properties": {"name": "B"}})
    return path


@pytest.mark.parametrize("suffix", WRITTEN)
def test_each_is_read_as_it_was_written(tmp_path, suffix):
    path = written(tmp_path, suffix)
    assert detect_kind(path) is WRITTEN[suffix][1]
    before = {file.name for file in tmp_path.iterdir()}
    features = read_features(path)
    assert features.frame["name"].tolist() == ["A", "B"] and features.system.datum in ("cgcs2000", "wgs84")
    assert features.frame.geometry[0].equals_exact(PLOT, 2e-6, normalize=True)
    assert {file.name for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("suffix", ["tab", "mif"])
def test_files_that_belong_together_come_out_of_an_archive(tmp_path, suffix):
    path = written(tmp_path, suffix)
    archive = tmp_path / "plots.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(tmp_path.glob("plots.*")):
            if file != archive:
                packed.write(file, f"data/{file.name}")
    assert len(read_features(archive).frame) == 2
    for file in tmp_path.glob("plots.[dmi][aid][tdp]*"):
        if file != path:
            file.unlink()
    with pytest.raises(MissingFileError, match="of the same name is missing"):
        read_features(path)


ESRI = {
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 4490},
    "fields": [{"name": "DKMC", "type": "esriFieldTypeString"}],
    "features": [{"attributes": {"DKMC": "A"}, "geometry": {"rings": [[list(xy) for xy in PLOT.exterior.coords]]}}],
}


def test_esri_json_with_its_reference_system(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ESRI))
    sites = read_sites(path)
    assert sites.columns["name"].tolist() == ["A"] and sites.second is None and not sites.issues
    path.write_text(json.dumps({**ESRI, "exceededTransferLimit": True}))
    assert {fault.ground for fault in read_features(path).wholeness.faults} == {WholenessGround.SERVER_PAGE}


def test_gml_of_a_server_that_holds_more(tmp_path):
    path = written(tmp_path, "gml")
    text = path.read_text().replace("<ogr:FeatureCollection", '<ogr:FeatureCollection numberMatched="9"', 1)
    path.write_text(text)
    assert {fault.ground for fault in read_features(path).wholeness.faults} == {WholenessGround.SERVER_PAGE}


def test_a_feature_a_line(tmp_path):
    path = tmp_path / "a.geojsonl"
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(PLOT))}
    path.write_text("\n".join([json.dumps(feature)] * 3))
    features = read_features(path)
    assert len(features.frame) == 3 and "datum_assumed" in [issue.code for issue in features.issues]


def test_a_track_is_a_line_and_its_points_are_not_read_again(tmp_path):
    path = tmp_path / "a.gpx"
    points = "".join(f'<trkpt lat="24.8{n}" lon="112.43"/>' for n in range(3))
    path.write_text(
        f'<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{points}'
        "</trkseg></trk></gpx>"
    )
    features = read_features(path)
    assert [shape.geom_type for shape in features.frame.geometry] == ["MultiLineString"]
    assert features.second is not None


@pytest.mark.parametrize("suffix", WRITTEN)
def test_what_is_damaged_is_refused_in_one_line(tmp_path, suffix):
    path = written(tmp_path, suffix)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError) as caught:
        read_features(path)
    assert "\n" not in caught.value.zh and str(tmp_path) not in caught.value.en


def test_what_takes_too_long_is_refused(tmp_path, monkeypatch):
    def slow(*args, timeout, **options):
        raise subprocess.TimeoutExpired(args, timeout)

    monkeypatch.setattr(foreign_formats.subprocess, "run", slow)
    with pytest.raises(FormatError, match="could not be read within"):
        read_features(written(tmp_path, "mif"))


def test_an_entity_of_a_gml_is_not_fetched(tmp_path):
    path = written(tmp_path, "gml")
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    entity = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    path.write_text(path.read_text().replace('<?xml version="1.0" encoding="utf-8" ?>', entity).replace(">A<", ">&x;<"))
    try:
        names = read_features(path).frame["name"].tolist()
    except FormatError:
        return
    assert "SECRET" not in names


def test_one_feature_after_a_record_separator_is_a_sequence(tmp_path):
    path = tmp_path / "one.geojsons"
    feature = {
        "type": "Feature",
        "properties": {"site_id": "A"},
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[112.43, 24.81], [112.44, 24.81], [112.44, 24.82], [112.43, 24.81]]],
        },
    }
    path.write_text("\x1e" + json.dumps(feature) + "\n", encoding="utf-8")
    assert len(read_sites(path)) == 1
