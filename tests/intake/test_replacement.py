"""A corrected file takes the place of a layer; nothing else changes."""

import pytest
import shapely

from lianzhou_gis.errors import CatalogError
from lianzhou_gis.intake import carry_out, parse_options, plan_replacement, read_source
from lianzhou_gis.layers import load_layers
from tests.intake.conftest import DAY

BOXES = [shapely.box(112.4 + k / 50, 24.8, 112.41 + k / 50, 24.81) for k in range(3)]


def replaced(desk, path, layer_id="water_source_zone", **answers):
    source = read_source(path, "", desk.catalog_path, day=DAY, facts=desk.facts)
    return carry_out(plan_replacement(source, layer_id, parse_options(answers, "")))


def test_a_layer_that_was_cut_is_completed(desk):
    short = desk.file({"级别": ["一级", "二级"]}, BOXES[:2])
    desk.bring(short, expected_count=3, count_by="source_row", accuracy_m=2.0, valid_from="2020-01-01")
    before = desk.catalog().layers[0]
    assert [gap.reason.value for gap in load(desk).gaps] == ["layer_incomplete"]
    whole = desk.file({"级别": ["一级", "二级", "二级"]}, BOXES, name="whole.gpkg")
    done = replaced(desk, whole)
    (entry,) = desk.catalog().layers
    assert entry == done.entry and load(desk).gaps == ()
    assert (entry.id, entry.valid_from, entry.accuracy_m, entry.expected_count) == (
        before.id,
        before.valid_from,
        2.0,
        3,
    )
    # The old file stays for runs that were made with it.
    assert entry.path != before.path and (desk.catalog_path.parent / before.path).exists()


def load(desk):
    return load_layers(desk.catalog(), ["water_source_zone"], DAY, facts=desk.facts)


def test_a_layer_that_is_not_there(desk):
    path = desk.file({"级别": ["一级"]}, BOXES[:1])
    desk.bring(path)
    with pytest.raises(CatalogError, match="no layer other"):
        replaced(desk, path, "other")
