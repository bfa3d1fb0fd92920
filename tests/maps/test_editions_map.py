"""The map of two editions: safe, offline, and it says what it shows."""

import datetime
import json
import re
from pathlib import Path

import pytest

from lianzhou_gis.intake.edition_diff import compare_editions
from lianzhou_gis.intake.editions import editions_of
from lianzhou_gis.maps import page
from lianzhou_gis.maps.editions_map import editions_map

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def diffs():
    pairs, _ = editions_of(
        "demo_reserves_2020", "demo_reserves", catalog=ROOT / "layers/layers.yaml", day=datetime.date(2026, 11, 23)
    )
    return [compare_editions(*pair) for pair in pairs]


def test_layers_of_the_map(diffs):
    data = editions_map(diffs, region="某市", day="2026-11-23")
    old, new, ground = data["layers"]
    assert (old["count"], new["count"]) == (9, 6) and not old["shown"] and ground["shown"]
    # Buffer and experimental zones became general control zones: no ground came or went.
    assert {entry["style"] for entry in ground["legend"]} == {"regraded"}
    assert {name.split("：")[1] for name in ground["names"]} == {"缓冲区 → 一般控制区", "实验区 → 一般控制区"}
    balance = {row[1]: row[2:] for row in data["tables"][0]["rows"]}
    assert balance["核心保护区"][-1] == "0.0000"
    assert data["synthetic"] and "内部使用" in data["notes"][0]


def test_the_page_asks_for_nothing_and_is_the_same_again(diffs):
    diffs[0].new.zones.loc[0, "name"] = "</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    texts = [page(editions_map(diffs, region="某市", day="2026-11-23")) for _ in range(2)]
    assert texts[0] == texts[1]
    assert "<img src=x" not in texts[0] and "default-src &#39;none&#39;" in texts[0]
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', texts[0], re.S)
    assert "</script><img src=x onerror=alert(1)>{{ 7*7 }}" in json.dumps(json.loads(data), ensure_ascii=False)
