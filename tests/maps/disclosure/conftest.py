"""A county with layers of every disclosure, its publication, and ways to tamper with it."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import shapely
import yaml

from lianzhou_gis.maps.disclosure import open_source, publish, read_profile

PROFILE = {
    "title": "水源保护区公示图",
    "publisher": "某市生态环境局",
    "date": "2026-11-24",
    "approval_ground": "simple_map",
    "no_approval_reason": "测试数据，不对外公开使用",
    "layers": [
        {"id": "administrative", "columns": ["name"]},
        {"id": "water_source_zone", "columns": ["name", "grade", "town"]},
        {"id": "contaminated_plot", "show": "counts", "by": "town"},
    ],
}
SECRET = "某某电镀厂旧址"
AREA = 48231.57
M = np.array([101_000.0, 110_800.0])
INTAKE = (112.30123, 24.80231)


def natural(lon, lat, radius_m, seed=0, points=240):
    """An area with lobes and bays, unlike any circle or rectangle."""
    random = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = np.ones(points)
    for wave, size in ((2, 0.35), (3, 0.25), (5, 0.12), (11, 0.03)):
        radius += size * np.sin(wave * angle + random.uniform(0, 6))
    xy = radius_m * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return shapely.make_valid(shapely.Polygon(xy / M + [lon, lat]))


def wavy(start, end, seed, points=300, size_m=900):
    """A border between two places."""
    random = np.random.default_rng(seed)
    step = np.linspace(0, 1, points)
    aside = sum(random.normal(0, 1) / wave * np.sin(np.pi * wave * step) for wave in range(1, 20)) * size_m / 110_000
    along = np.array(end, dtype=float) - start
    along /= np.linalg.norm(along)
    return np.outer(1 - step, start) + np.outer(step, end) + np.outer(aside, [-along[1], along[0]])


def towns():
    """Two neighbours with one wavy border and ragged outer ones."""
    corners = [(112.2, 24.6), (112.5, 24.6), (112.75, 24.6), (112.75, 25.2), (112.5, 25.2), (112.2, 25.2)]
    edges = [wavy(corners[k], corners[(k + 1) % 6], k, size_m=2500) for k in range(6)]
    middle = wavy((112.5, 24.6), (112.5, 25.2), 77, size_m=2500)
    west = np.vstack([edges[0][:-1], middle[:-1], edges[4][:-1], edges[5][:-1]])
    east = np.vstack([edges[1][:-1], edges[2][:-1], edges[3][:-1], middle[::-1][:-1]])
    return shapely.Polygon(west), shapely.Polygon(east)


def fill(county):
    west, east = towns()
    county.zones["administrative"] = []
    county.add("administrative", west, zone_id="A1", name="东陂镇")
    county.add("administrative", east, zone_id="A2", name="星子镇")
    county.zones["water_source_zone"] = []
    for number, place in enumerate([(112.3, 24.8), (112.4, 24.9), (112.6, 25.0)]):
        outer = natural(*place, 1800, seed=number)
        inner = natural(place[0] + 0.004, place[1] + 0.003, 260, seed=number + 10)
        common = {"town": "东陂镇", "authority": "省政府", "intake_x": place[0], "population": 1200 + number}
        county.add(
            "water_source_zone", inner, grade="primary", zone_id=f"W{number}", name=f"{number}号水源一级区", **common
        )
        county.add(
            "water_source_zone",
            outer - inner,
            grade="secondary",
            zone_id=f"V{number}",
            name=f"{number}号水源二级区",
            **common,
        )
    county.add("water_source_zone", shapely.Point(INTAKE), grade="primary", zone_id="QSK1", name="城区取水口泵房")
    county.zones["contaminated_plot"] = []
    for number in range(9):
        town = "东陂镇" if number < 6 else "星子镇"
        shape = natural(112.31 + number / 100, 24.7, 60, number, 12)
        own = {"name": f"{SECRET}{number}", "town": town, "official_area_m2": AREA + number}
        county.add("contaminated_plot", shape, grade="listed", zone_id=f"P{number}", **own)
    county.add("ecological_redline", natural(112.55, 24.75, 2000, 3), grade="general", name="红线图斑甲")
    for name, columns in (
        ("administrative", ["name"]),
        ("water_source_zone", ["name", "grade", "town", "population"]),
        ("contaminated_plot", ["town", "grade"]),
    ):
        county.entries[name] |= {"disclosure": "public", "disclosure_columns": dict.fromkeys(columns, "public")}
    # A few layers are enough, and read fast.
    retained = (
        "administrative",
        "water_source_zone",
        "contaminated_plot",
        "ecological_redline",
        "receptor",
        "wildlife_habitat",
    )
    county.entries = {name: county.entries[name] for name in retained}
    county.zones = {name: county.zones[name] for name in retained}
    for entry in county.entries.values():
        entry |= {"publisher": "某市生态环境局", "synthetic": False}
    for rows in county.zones.values():
        for row in rows:
            row["zone_id"] = row["zone_id"].replace("DEMO-", "Z-")
            row["name"] = row["name"].replace("DEMO-", "Z-").replace("（示例）", "")
    return county


@pytest.fixture
def filled(county):
    return fill(county)


def profile_file(folder, **changes):
    """Write a profile; a key that is None is left out."""
    path = folder / "profile.yaml"
    content = {key: value for key, value in (PROFILE | changes).items() if value is not None}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture
def attempt(filled, tmp_path):
    """Publish with a changed profile."""

    def go(to="public", *, exact=(), **changes):
        source = open_source(filled.write(), as_of="2026-11-23")
        publish(source, read_profile(profile_file(tmp_path, **changes)), tmp_path / to, exact=exact)
        return tmp_path / to

    return go


_MADE = {}


@pytest.fixture
def made(filled, tmp_path_factory):
    """A folder with catalog, profile and publication, and the source; made once."""
    if not _MADE:
        catalog = filled.write()
        folder = tmp_path_factory.mktemp("county") / "layers"
        shutil.copytree(catalog.parent, folder)
        source = open_source(folder / catalog.name, as_of="2026-11-23")
        publish(source, read_profile(profile_file(folder)), folder / "public")
        _MADE["made"] = folder, source
    return _MADE["made"]


@pytest.fixture
def published(made, tmp_path):
    """A copy of the publication to spoil, and its source."""
    copy = tmp_path / "copy"
    shutil.copytree(made[0] / "public", copy)
    return copy, made[1]


def rehash(folder):
    """Write the manifest anew, as one who tampers would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for record in manifest["files"]:
        if (folder / record["name"]).is_file():
            content = (folder / record["name"]).read_bytes()
            record |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@pytest.fixture(name="rehash")
def _rehash():
    return rehash
