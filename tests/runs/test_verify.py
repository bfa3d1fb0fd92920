"""A run is repeated from its folder to the same bytes; what differs is named with its cause."""

import json
import shutil
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import RunError
from lianzhou_gis.maps import map_page
from lianzhou_gis.runs import Run
from lianzhou_gis.runs.difference import compare_documents
from lianzhou_gis.runs.repeat import repeat
from lianzhou_gis.runs.seal import document_bytes, manifest_bytes, seal_of
from lianzhou_gis.runs.verify import verify

PAGES = {"map.html": map_page}


def catalog_of(filed):
    return Catalog.open(filed[0].folder / "layers.yaml")


def test_a_run_is_repeated_to_the_same_bytes(filed, copied):
    found = verify(copied, catalog=catalog_of(filed), pages=PAGES)
    assert found.intact
    assert found.repetition.files == ()
    assert found.repetition.difference.sites == ()


def test_a_layer_that_changed_is_named(filed, copied, tmp_path):
    """Everything is consistent; only the layers differ from those of the run."""
    other = tmp_path / "county"
    shutil.copytree(filed[0].folder, other, ignore=shutil.ignore_patterns("run"))
    path = other / "ecological_redline.gpkg"
    frame = gpd.read_file(path)
    frame = frame[frame["zone_id"] != "DEMO-HX"]
    path.unlink()
    frame.to_file(path, driver="GPKG")
    text = (other / "layers.yaml").read_text(encoding="utf-8")
    (other / "layers.yaml").write_text(text.replace("row_count: 2", "row_count: 1"), encoding="utf-8")
    found = verify(copied, catalog=Catalog.open(other / "layers.yaml"), pages=PAGES)
    assert not found.intact
    assert "result.json" in found.repetition.files
    kinds = {(cause.kind, cause.name) for cause in found.repetition.difference.causes}
    assert ("layer", "ecological_redline") in kinds
    (site,) = [site for site in found.repetition.difference.sites if site.site_id == "DEMO-A"]
    assert any(
        cause.name == "ecological_redline"
        for change in site.changes
        if change.theme == "ecological_redline"
        for cause in change.causes
    )


def test_tables_that_state_otherwise_are_found(copied):
    """Hashes and verdicts fit, and yet the tables list a finding less."""
    with sqlite3.connect(copied / "findings.gpkg") as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("DELETE FROM findings WHERE fid = (SELECT min(fid) FROM findings)")
    document = json.loads((copied / "result.json").read_text(encoding="utf-8"))
    (copied / "manifest.json").write_bytes(manifest_bytes(copied, document))
    assert {item.code for item in verify(copied).alterations} == {"tables_differ"}


def test_a_consistent_forgery_is_found_by_repeating(filed, copied):
    path = copied / "result.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["sites"][0]["name"] = "另一项目"
    document["seal"] = seal_of(document)
    path.write_bytes(document_bytes(document))
    (copied / "manifest.json").write_bytes(manifest_bytes(copied, document))
    assert verify(copied).intact
    found = verify(copied, catalog=catalog_of(filed), pages=PAGES)
    assert "result.json" in found.repetition.files


def test_sites_from_memory_are_repeated_from_what_was_read(county, square, moved, tmp_path):
    """A GeoDataFrame with facts of its own, a point with an outfall, missing values and a date."""
    shapes = [square(112.44, 24.87, 100), shapely.Point(112.5, 24.9), square(112.46, 24.87, 100)]
    frame = gpd.GeoDataFrame(
        {
            "site_id": ["DEMO-A", "DEMO-B", "DEMO-C"],
            "name": ["甲", None, "丙"],
            "livestock_head": [np.int64(3), None, 5],
            "accuracy_m": [0.5, None, 0.2],
            "surveyed": pd.to_datetime(["2026-01-02", None, "2026-01-03"]),
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    folder = county.screen(frame, {"target_use": "industrial"}).save(tmp_path / "run")
    found = verify(folder, catalog=Catalog.open(county.folder / "layers.yaml"), pages=PAGES)
    assert [item.text("en") for item in found.repetition.differences] == [] and found.intact
    again = repeat(folder, found.document, Catalog.open(county.folder / "layers.yaml"))
    assert again.identity.sha256[:16] == found.document["run"]["id"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"columns": {}}', "null", '{"columns": 3, "facts": []}'])
def test_stored_sites_that_are_broken_are_refused(county, square, tmp_path, content):
    folder = county.screen(square(112.44, 24.87, 100)).save(tmp_path / "run")
    (folder / "inputs" / "sites.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match="cannot be repeated"):
        repeat(folder, Run.open(folder, altered=True).document, Catalog.open(county.folder / "layers.yaml"))


def test_whose_doing_a_change_is(filed):
    """A fact that was changed, and a footprint that was moved, are each named as the cause."""
    county, path, run = filed
    before = Run.open(run).document
    from lianzhou_gis.runs import as_document

    known = county.screen(path, {"related_to_water_supply": "yes", "target_use": "industrial", "is_linear": "no"})
    found = compare_documents(before, as_document(known))
    (site,) = [site for site in found.sites if site.site_id == "DEMO-A"]
    assert site.verdict_changed
    assert {"related_to_water_supply", "construction_nature"} <= {cause.name for cause in site.causes}
    moved = json.loads(json.dumps(before))
    moved["sites"][1]["area_m2"] += 5
    moved["sites"][1]["verdict"] = "prohibited"
    (site,) = compare_documents(before, moved).sites
    assert site.site_id == "DEMO-B" and [cause.kind for cause in site.causes] == ["site"]


def test_a_site_less_is_a_change(filed):
    before = Run.open(filed[2]).document
    after = {**before, "sites": before["sites"][:1]}
    found = compare_documents(before, after)
    assert [(site.site_id, site.after) for site in found.sites] == [("DEMO-B", None)]
    assert found.same == 1
