"""The SQL of docs/scale.md finds the pairs and areas that a screening finds."""

import re
from pathlib import Path

import numpy as np
import pytest
import shapely

import lianzhou_gis as lg

pytestmark = pytest.mark.postgis
PAGE = Path("docs/scale.md")
THEMES = ("control_unit", "ecological_redline", "nature_reserve")


def demo_sites():
    random = np.random.default_rng(11)
    shapes = []
    for lon, lat in random.uniform((112.2, 24.7), (112.7, 25.1), (120, 2)):
        corners = int(random.integers(4, 40))
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.sqrt(10 ** random.uniform(3, 6.3) / np.pi) / 105_000 * random.uniform(0.7, 1.3, corners)
        shapes.append(shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])))
    return np.array(shapes, dtype=object)


def load(server, table, key, ids, shapes):
    import psycopg

    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.execute(f"CREATE TABLE {table} ({key} text, geometry geometry(Geometry, 4490))")
        with connection.cursor() as cursor:
            rows = list(zip(ids, shapely.to_wkb(shapes, include_srid=False), strict=True))
            cursor.executemany(f"INSERT INTO {table} VALUES (%s, ST_SetSRID(ST_GeomFromWKB(%s), 4490))", rows)


@pytest.mark.parametrize("theme", THEMES)
def test_the_same_pairs_and_areas(server, theme):
    import geopandas as gpd

    prepare, ask = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    sites = gpd.GeoDataFrame(
        {"site_id": [f"DEMO-{k:03d}" for k in range(120)], "accuracy_m": 0.5}, geometry=demo_sites(), crs="EPSG:4490"
    )
    screener = lg.Screener.prepare("layers/layers.yaml", as_of="2026-11-23", themes=[theme])
    rows = screener.screen(sites).overlaps
    (layer,) = [layer for layer in screener.layers if layer.entry.theme == theme and layer.status == "loaded"]
    # Nested grades are cut before: what the screening does, and what the page asks for.
    zones = screener.index.plane.unproject(cut(screener, layer))
    load(server, "sites", "site_id", sites["site_id"], sites.geometry.to_numpy())
    load(server, "zones", "zone_id", layer.zones["zone_id"], zones)
    try:
        server.run(*[statement for statement in prepare.split(";") if statement.strip()])
        theirs = {(site, zone): area for site, zone, area in server.ask(ask)}
    finally:
        server.run("DROP TABLE IF EXISTS sites, zones, sites_plane, zones_plane")
    ours = {(row.site_id, row.zone_id): row.area_m2 for row in rows.itertuples() if row.area_m2 > 0.01}
    assert len(ours) > 5
    assert set(ours) == set(theirs)
    for pair, area in ours.items():
        assert theirs[pair] == pytest.approx(area, rel=1e-5, abs=0.05), pair


def cut(screener, layer):
    from lianzhou_gis.overlay.layer_index import project_zones

    return project_zones(layer.zones, layer.entry.theme, screener.index.plane)
