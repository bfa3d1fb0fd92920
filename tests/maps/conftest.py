"""A small run made by hand, hostile names included, and a Chromium without a network."""

from __future__ import annotations

import geopandas as gpd
import pyproj
import pytest
import shapely

from lianzhou_gis.runs import Run

HOSTILE = ["<img src=x onerror=alert(1)>", "${alert(1)}", "`'\"</script><script>alert(2)</script>", "{{7*7}}\u2028"]


SCHOOL = shapely.box(112.4, 24.83, 112.401, 24.831)
# From the top of the first squares up to the school.
NEAREST_M = {
    0: pyproj.Geod(a=6378137.0, rf=298.257222101).inv(112.4005, 24.81, 112.4005, 24.83)[2], 1: None, 2: None, 3: None
}  # fmt: skip


def text(words):
    return {"zh": words, "en": words}


def finding(site_id, name):
    return {
        "finding_id": "f" + site_id,
        "layer_id": "demo-water",
        "theme": "water_source_zone",
        "zone_id": "DEMO-W1",
        "zone_name": name,
        "grade": "primary",
        "relation": "overlap",
        "subject": "footprint",
        "rule_id": "water-primary",
        "title": text("一级保护区内禁止建设无关项目"),
        "effect": "prohibited",
        "worst": "prohibited",
        "doubtful": False,
        "unverified": False,
        "general_procedure": False,
        "facts_used": {},
        "missing_facts": [],
        "paraphrase": text("一级保护区内不得新建与供水无关的项目"),
        "citations": [
            {
                "law": "code",
                "title": text("生态环境法典"),
                "article": "319",
                "issuer": text("全国人民代表大会"),
                "link": None,
                "effective_from": "2026-08-15",
            }
        ],
        "action": text("另行选址"),
        "authority": text("清远市生态环境局连州分局"),
        "blocks": ["eia_approval"],
        "curable": None,
        "override": None,
        "area_m2": 1234.5,
        "share_of_site": 0.25,
        "length_m": None,
        "distance_m": 0.0,
    }


def site(site_id, name, verdict, worst):
    return {
        "site_id": site_id,
        "name": name,
        "source_file": "sites.geojson",
        "source_row": 1,
        "survey_crs": "EPSG:4490",
        "datum": "cgcs2000",
        "accuracy_m": None,
        "town": None,
        "geometry_kind": "polygon",
        "corridor_width_m": None,
        "area_m2": 4938.0,
        "statutory_area_m2": 4938.0,
        "declared_area_m2": None,
        "length_m": None,
        "verdict": verdict,
        "worst_possible": worst,
        "complete": False,
        "label": text("触及禁止性规定"),
        "facts": {},
        "findings": [finding(site_id, name)],
        "gaps": [
            {
                "reason": "outside_coverage",
                "theme": "control_unit",
                "layer_id": "units",
                "zone_id": None,
                "rule_id": None,
                "facts": [],
                "detail": text(name),
                "worst": "prohibited",
                "area_m2": 10.0,
            }
        ],
        "totals": [],
        "questions": [{"fact": "livestock", "question": text("是否养殖？" + name), "rules": ["r"], "settles": 1}],
        "checks": [
            {
                "theme": "water_source_zone",
                "status": "hit",
                "zones": 1,
                "gross_area_m2": 1.0,
                "net_area_m2": 1.0,
                "nearest_m": 0.0,
            },
            {
                "theme": "receptor",
                "status": "none",
                "zones": 0,
                "gross_area_m2": 0.0,
                "net_area_m2": 0.0,
                "nearest_m": NEAREST_M[int(site_id[1:])],
            },
        ],
    }


def document(names):
    return {
        "schema_version": "1",
        "run": {
            "id": "0" * 16,
            "created": "2026-11-23T00:00:00+00:00",
            "as_of": "2026-11-23",
            "recheck_by": "2027-05-22",
            "region": "演示县",
            "scope": ["water_source_zone"],
            "synthetic": True,
            "secrecy": None,
            "disclosure": "restricted",
            "disclaimer": text("初步筛查，不作为审批依据"),
            "fingerprint": {},
            "software": {"version": "0"},
            "rulebook": {"version": "1", "sha256": "0"},
            "layers": [
                {
                    "id": "demo-water",
                    "series": "w",
                    "theme": "water_source_zone",
                    "title": None,
                    "sha256": "0",
                    "data_date": "2026-01-01",
                    "valid_from": None,
                    "valid_to": None,
                    "publisher": None,
                    "document": names[0],
                    "synthetic": True,
                    "secrecy": None,
                    "feature_count": 1,
                    "expected_count": 1,
                    "status": "loaded",
                }
            ],
            "inputs": [],
            "parameters": {},
        },
        "sites": [
            site(f"S{number}", name, "prohibited" if number else "not_assessed", "prohibited")
            for number, name in enumerate(names)
        ],
        "issues": [],
        "seal": {"content_sha256": "0" * 64, "moment_sha256": "0" * 64},
    }


def frame(columns, shapes):
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs="EPSG:4490"), crs="EPSG:4490")


@pytest.fixture
def hostile():
    return list(HOSTILE)


@pytest.fixture
def run(hostile):
    squares = [shapely.box(112.4 + k / 50, 24.8, 112.41 + k / 50, 24.81) for k in range(len(hostile))]
    ids = [f"S{number}" for number in range(len(hostile))]
    zone = {
        "zone_id": ["DEMO-W1", "DEMO-W2", "DEMO-R1"],
        "layer_id": ["demo-water", "demo-water", "demo-school"],
        "theme": ["water_source_zone", "water_source_zone", "receptor"],
        "name": [*hostile[:2], "示例小学"],
        "grade": ["primary", "secondary", "school"],
        "town": [hostile[2], None, None],
    }
    return Run(
        document(hostile),
        {
            "sites": frame({"site_id": ids}, squares),
            "outfalls": frame({"site_id": ids[:1]}, [shapely.Point(112.405, 24.79)]),
            "overlaps": frame({"site_id": []}, []),
            "totals": frame({"site_id": []}, []),
            "findings": frame(
                {
                    "site_id": ids,
                    "layer_id": ["demo-water"] * len(ids),
                    "zone_id": ["DEMO-W1"] * len(ids),
                    "effect": ["prohibited"] * len(ids),
                },
                [square.buffer(-0.002) for square in squares],
            ),
            "gaps": frame(
                {"site_id": ids[:1], "reason": ["outside_coverage"], "theme": ["control_unit"]},
                [shapely.box(112.39, 24.79, 112.4, 24.8)],
            ),
            "zones": frame(
                zone,
                [shapely.box(112.38, 24.79, 112.45, 24.82), shapely.box(112.45, 24.78, 112.5, 24.83), SCHOOL],
            ),
        },
    )


class Visit:
    """A page opened with the network off: what it asked for, said and showed."""

    def __init__(self, browser, html, folder):
        path = folder / "map.html"
        path.write_text(html, encoding="utf-8")
        self.context = browser.new_context(offline=True, viewport={"width": 1300, "height": 850})
        self.page = self.context.new_page()
        self.requests, self.messages, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        # Printing is asked of the browser, which would wait for a person.
        self.page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; }")
        self.page.goto(path.as_uri())
        self.page.wait_for_timeout(300)

    @property
    def quiet(self):
        """Nothing was asked of the network, said on the console or put into a dialog."""
        return (self.outside, self.messages, self.dialogs) == ([], [], [])

    @property
    def outside(self):
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture
def visit(chromium, tmp_path):
    visits = []

    def open_page(html):
        visits.append(Visit(chromium, html, tmp_path))
        return visits[-1]

    yield open_page
    for opened in visits:
        opened.context.close()
