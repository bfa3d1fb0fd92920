import folium
import pytest
import shapely

from lianzhou_gis.maps import explore


def test_an_ordinary_folium_map(run):
    shown = explore(run)
    assert isinstance(shown, folium.Map)
    folium.Marker([24.8, 112.4]).add_to(shown)
    assert "L.marker" in shown.get_root().render()


def test_only_what_a_user_adds_asks_a_server(run):
    shown = explore(run)
    assert "https://" not in shown.get_root().render().split('<script type="application/json"')[0]
    marked = explore(run)
    folium.Marker([24.8, 112.4], popup="x").add_to(marked)
    assert "jquery" in marked.get_root().render()


@pytest.mark.browser
def test_it_draws_offline_and_retains_hostile_names_text(run, hostile, visit):
    opened = visit(explore(run).get_root().render())
    page = opened.page
    assert opened.dialogs == []
    page.locator(".lz-site").filter(has_text="S0 ").click()
    assert page.locator(".lz-findings h2").first.text_content() == f"S0 {hostile[0]}"
    assert page.locator(".leaflet-overlay-pane path.lz-shape").count() == len(hostile)
    assert page.locator(".lz-box img").count() == 0
    assert opened.dialogs == []


def test_the_run_is_not_changed(run):
    before = run.tables["zones"].geometry.to_wkb().tolist()
    explore(run)
    assert run.tables["zones"].geometry.to_wkb().tolist() == before
    assert shapely.get_num_coordinates(run.tables["sites"].geometry.array).tolist() == [5] * 4
