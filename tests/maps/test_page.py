import base64
import hashlib
import json
import re

import pytest

from lianzhou_gis.maps import map_page
from lianzhou_gis.maps.payload import as_json, payload
from lianzhou_gis.runs import Run


def scripts_of(html):
    return re.findall(r"<script>(.*?)</script>", html, re.S)


def test_the_policy_comes_first_and_names_every_script(run):
    html = map_page(run)
    head = html[html.index("<head>") : html.index("</head>")]
    assert head.index("Content-Security-Policy") < head.index("<style>")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1).replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for script in scripts_of(html):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_scripts_are_constants(run, hostile):
    other = Run(json.loads(json.dumps(run.document).replace(json.dumps(hostile[0])[1:-1], "ordinary")), run.tables)
    assert map_page(other) != map_page(run)
    assert scripts_of(map_page(other)) == scripts_of(map_page(run))


def test_the_same_run_gives_the_same_bytes(run):
    assert map_page(run) == map_page(run)


def test_no_address_outside(run):
    html = map_page(run)
    addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", html))
    # Names that Leaflet's own text carries; none of them is asked for.
    assert addresses <= {
        "https://leafletjs.com",
        "http://www.w3.org",
        "//www.w3.org",
        "http://leafletjs.com",
        "http://www.opengis.net",
        "https://developer.mozilla.org",
    } or not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", html)


def test_json_cannot_end_its_element():
    assert "<" not in as_json({"a": "</script>", "b": "<!--"})
    assert json.loads(as_json({"a": "</script>\u2028&"})) == {"a": "</script>\u2028&"}


@pytest.mark.parametrize("text", ["{{7*7}}", "{% raw %}", "{# a #}", "{{{{%"])
def test_json_opens_no_template(text):
    data = as_json({"a": {"b": text}})
    assert not re.search(r"\{[{%#]", data)
    assert json.loads(data) == {"a": {"b": text}}


@pytest.mark.browser
def test_hostile_names_stay_text(run, hostile, visit):
    opened = visit(map_page(run))
    page = opened.page
    assert opened.quiet
    for number, name in enumerate(hostile):
        page.locator(".lz-site").filter(has_text=f"S{number} ").click()
        assert page.locator("#lz-findings h2").text_content() == f"S{number} {name}"
        page.get_by_role("tab", name="未核查与缺项").click()
        assert name in page.get_by_role("tabpanel").text_content()
        page.get_by_role("tab", name="请补充").click()
        assert name in page.get_by_role("tabpanel").text_content()
    page.wait_for_timeout(200)
    assert page.locator("#lz-app img, #lz-app script:not([type])").count() == 0
    assert opened.quiet


@pytest.mark.browser
def test_the_policy_stops_a_planted_script(run, visit):
    html = map_page(run).replace("</body>", "<script>document.title='broken'</script></body>")
    opened = visit(html)
    assert opened.page.title() == "演示县项目选址环境管控核查图"
    assert any("Content Security Policy" in message for message in opened.messages)


@pytest.mark.browser
def test_it_states_what_it_is(run, visit):
    page = visit(map_page(run)).page
    assert page.locator(".lz-synthetic").is_visible()
    assert "合成演示数据" in page.locator(".lz-synthetic").inner_text()
    side = page.locator("#lz-side").inner_text()
    assert "初步筛查，不作为审批依据" in side and "内部使用" in side
    legend = page.locator(".lz-legend").inner_text()
    for words in ("未核查", "一级保护区", "触及禁止性规定"):
        assert words in legend
    hatched = page.locator(".leaflet-overlay-pane path.lz-gap")
    assert hatched.count() == 1
    assert "url(#lz-pattern" in hatched.first.get_attribute("fill")


def test_what_could_be_taken_for_an_all_clear_is_seen_without_opening_anything(run):
    notes = payload(run)["notes"]
    # The run looked at one theme: the others are named as not looked at.
    assert any(note.startswith("核查范围：仅饮用水水源保护区（未核查：生态保护红线、") for note in notes)
    assert any("空白不表示没有管控区" in note for note in notes)
