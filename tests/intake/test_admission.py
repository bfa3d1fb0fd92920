"""What may enter a catalog, and as an edition of what."""

import pytest
import shapely

from lianzhou_gis.errors import CatalogError

BOX = shapely.box(112.4, 24.8, 112.41, 24.81)


def redline(desk, **reported):
    path = desk.path / "data.gpkg"
    path = path if path.exists() else desk.file({"HXLX": ["核心保护区"]}, [BOX])
    return desk.bring(path, "ecological_redline", **reported)


def test_an_id_that_is_taken_is_refused(desk):
    redline(desk)
    before = desk.everything()
    with pytest.raises(CatalogError, match="--series ecological_redline and --valid-from"):
        redline(desk)
    assert desk.everything() == before


def test_a_new_edition_closes_nothing(desk):
    redline(desk, valid_from="2018-12-01")
    done = redline(desk, series="ecological_redline", valid_from="2022-11-10")
    first, second = desk.catalog().layers
    assert (second.id, second.series) == ("ecological_redline_2022-11-10", first.series)
    assert first.valid_to is None
    (issue,) = [issue for issue in done.issues if issue.code == "edition_superseded"]
    assert "未作改动" in issue.zh and "自 2022-11-10 起以新版本为准" in issue.zh


@pytest.mark.parametrize(
    ("reported", "words"),
    [
        ({"series": "ecological_redline", "id": "other"}, "give the first day of the new one"),
        ({"series": "ecological_redline", "valid_from": "2018-12-01"}, "two cannot begin on one day"),
    ],
)
def test_an_edition_must_be_reported_from_the_others(desk, reported, words):
    redline(desk, valid_from="2018-12-01")
    with pytest.raises(CatalogError, match=words):
        redline(desk, **reported)


def test_a_series_is_not_entered_by_chance(desk):
    redline(desk, id="first", series="rl", valid_from="2018-12-01")
    with pytest.raises(CatalogError, match="series rl is in the catalog"):
        redline(desk, id="rl")


def test_a_series_has_one_theme(desk):
    redline(desk, series="s", valid_from="2018-12-01")
    with pytest.raises(CatalogError, match="of the theme ecological_redline, not karst_strong"):
        desk.bring(desk.path / "data.gpkg", "karst_strong", series="s", valid_from="2020-01-01")


def test_a_second_series_replaces_nothing_and_states_so(desk):
    redline(desk)
    assert "further_series" in {issue.code for issue in redline(desk, id="second").issues}


@pytest.mark.parametrize("first", [True, False])
def test_real_and_synthetic_layers_do_not_mix(desk, first):
    redline(desk, synthetic=first)
    with pytest.raises(CatalogError, match="must not be mixed"):
        redline(desk, id="other", synthetic=not first)


def test_an_older_edition_is_marked(desk):
    redline(desk, valid_from="2022-11-10")
    done = redline(desk, series="ecological_redline", valid_from="2018-12-01", valid_to="2022-11-09")
    assert "edition_older" in {issue.code for issue in done.issues}
