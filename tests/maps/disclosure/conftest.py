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
    "no_approval_reason": "测试数据，不对外公开使用",
    "layers": [
        {"id": "administrative", "columns": ["name"], "accuracy_m": 100},
        {"id": "water_source_zone", "columns": ["name", "grade", "town"], "accuracy_m": 50},
        {"id": "contaminated_plot", "show": "counts", "by": "town"},
    ],
}
SECRET = "某某电镀厂旧址"
AREA = 48231.57


def blob(lon, lat, radius_m, points=40):
    """A round area with many vertices."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    wobble = radius_m * (1 + 0.05 * np.sin(5 * angle))
    return shapely.Polygon(
        np.column_stack([lon + wobble * np.cos(angle) / 101_000, lat + wobble * np.sin(angle) / 110_800])
    )


def fill(county):
    west, east = shapely.box(112.2, 24.6, 112.5, 25.2), shapely.box(112.5, 24.6, 112.75, 25.2)
    county.zones["administrative"] = []
    county.add("administrative", west, zone_id="A1", name="东陂镇")
    county.add("administrative", east, zone_id="A2", name="星子镇")
    county.zones["water_source_zone"] = []
    for number, place in enumerate([(112.3, 24.8), (112.4, 24.9), (112.6, 25.0)]):
        inner, outer = blob(*place, 300), blob(*place, 900)
        common = {"town": "东陂镇", "authority": "省政府", "intake_x": place[0]}
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
    county.add("water_source_zone", shapely.Point(112.3, 24.8), grade="primary", zone_id="QSK1", name="城区取水口泵房")
    county.zones["contaminated_plot"] = []
    for number in range(9):
        town = "东陂镇" if number < 6 else "星子镇"
        shape = blob(112.31 + number / 100, 24.7, 60, 12)
        own = {"name": f"{SECRET}{number}", "town": town, "official_area_m2": AREA + number}
        county.add("contaminated_plot", shape, grade="listed", zone_id=f"P{number}", **own)
    county.add("ecological_redline", blob(112.55, 24.75, 2000, 200), grade="general", name="红线图斑甲")
    for name, columns in (
        ("administrative", ["name"]),
        ("water_source_zone", ["name", "grade", "town"]),
        ("contaminated_plot", ["town", "grade"]),
    ):
        county.entries[name] |= {"disclosure": "public", "disclosure_columns": dict.fromkeys(columns, "public")}
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


@pytest.fixture
def attempt(filled, tmp_path):
    """Publish with a changed profile."""

    def go(to="public", **changes):
        path = tmp_path / "profile.yaml"
        content = {key: value for key, value in (PROFILE | changes).items() if value is not None}
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        source = open_source(filled.write(), as_of="2026-11-23")
        publish(source, read_profile(path), tmp_path / to)
        return tmp_path / to

    return go


_MADE = {}


@pytest.fixture
def published(request, tmp_path):
    """A publication and its source; made once, every test has a copy of its own to spoil."""
    if not _MADE:
        folder = request.getfixturevalue("attempt")()
        _MADE["folder"], _MADE["source"] = folder, open_source(folder.parent / "layers.yaml", as_of="2026-11-23")
    copy = tmp_path / "copy"
    shutil.copytree(_MADE["folder"], copy)
    return copy, _MADE["source"]


def rehash(folder):
    """Write the manifest anew, as one who tampers would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for record in manifest["files"]:
        content = (folder / record["name"]).read_bytes()
        record |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


@pytest.fixture(name="rehash")
def _rehash():
    return rehash
