"""A county made for one test: layers of plain squares, written to files and read as any user's layers are."""

import csv
import json
import os
import shutil

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
import yaml

from lianzhou_gis.vocabulary import themes

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)
WHOLE = shapely.box(112.2, 24.6, 112.75, 25.2)
FAR = (112.72, 25.17)
ACCESS_COLUMNS = [
    "item_id", "unit_id", "level", "dimension", "kind", "industries", "when", "effect", "text", "document",
    "valid_from", "valid_to",
]  # fmt: skip


def moved(lon, lat, east_m, north_m):
    """The place so many metres east and north of another."""
    x, y, _ = GEOD.fwd(lon, lat, 90 if east_m >= 0 else 270, abs(east_m))
    return GEOD.fwd(x, y, 0 if north_m >= 0 else 180, abs(north_m))[:2]


def rectangle(lon, lat, west_m, south_m, east_m, north_m):
    """A rectangle by metres from a point: west and south negative; sides are geodesics of its corners."""
    corners = [(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m)]
    return shapely.Polygon([moved(lon, lat, *corner) for corner in corners])


def square(lon, lat, side_m):
    """A square around a point."""
    half = side_m / 2
    return rectangle(lon, lat, -half, -half, half, half)


# The layers that a test leaves alone are the same every time: their files are made once.
FAR_ZONES = {}
FAR_FILES = {}


class County:
    """Layers in a folder: every theme has one, with a zone far away, until a test says otherwise."""

    def __init__(self, folder):
        self.folder = folder
        self.elsewhere = []
        self.rivers = None
        self.entries = {}
        self.zones = {}
        self.items = []
        for name, theme in themes().items():
            self.entries[name] = {
                "id": name,
                "series": name,
                "theme": name,
                "path": f"{name}.gpkg",
                "valid_from": "2000-01-01",
                "data_date": "2026-01-01",
                "coverage": WHOLE.wkt,
                "accuracy_m": 0.5,
                "synthetic": True,
            }
            grade = theme.grades[-1].id if theme.grades else None
            self.zones[name] = []
            if theme.covering:
                self.add(name, WHOLE, grade="general", zone_id="DEMO-U1", name="一般管控单元（示例）")
                self.entries[name]["access_list"] = "access.csv"
                self.item("DEMO-1", kind="encouraged", unit_id="DEMO-U1", text="鼓励清洁生产（示例）")
            else:
                self.add(name, square(*FAR, 50), grade=grade, zone_id=f"DEMO-{name}-far")
                FAR_ZONES.setdefault(name, [dict(row) for row in self.zones[name]])

    def add(self, theme, shape, *, grade=None, zone_id=None, **columns):
        """Put a zone into the layer of a theme."""
        number = zone_id or f"DEMO-{theme}-{len(self.zones[theme])}"
        self.zones[theme].append({"zone_id": number, "grade": grade, "name": number, **columns, "geometry": shape})

    def item(self, item_id, *, kind, unit_id="*", text="示例", **cells):
        """Put an item on the access list."""
        if isinstance(cells.get("when"), dict):
            cells["when"] = json.dumps(cells["when"])
        self.items.append(
            {
                "item_id": item_id,
                "unit_id": unit_id,
                "level": "unit",
                "dimension": "spatial",
                "kind": kind,
                "text": text,
            }
            | cells
        )

    def write(self):
        """Write layers and catalog, and return the path of the catalog."""
        for name, rows in self.zones.items():
            entry = self.entries.get(name)
            if entry is not None and rows and not {"expected_count", "uncounted"} & set(entry):
                entry["expected_count"] = len({row["zone_id"] for row in rows})
            path = self.folder / f"{name}.gpkg"
            if entry is None or path.exists():
                continue
            if rows == FAR_ZONES.get(name) and name in FAR_FILES:
                path.write_bytes(FAR_FILES[name])
                continue
            table = pd.DataFrame(rows, dtype=object) if rows else pd.DataFrame({"zone_id": [], "geometry": []})
            frame = gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=list(table["geometry"]), crs="EPSG:4490")
            frame = frame.astype({column: "string" for column in frame.columns if column != "geometry"})
            pyogrio.write_dataframe(frame, path, driver="GPKG", geometry_type="Unknown")
            if rows == FAR_ZONES.get(name):
                FAR_FILES[name] = path.read_bytes()
        with (self.folder / "access.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ACCESS_COLUMNS)
            writer.writeheader()
            writer.writerows(self.items)
        document = {
            "region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]},
            "layers": list(self.entries.values()),
            **({"elsewhere": self.elsewhere} if self.elsewhere else {}),
            **({"rivers": self.rivers} if self.rivers else {}),
        }
        path = self.folder / "layers.yaml"
        path.write_text(
            yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        return path

    def screen(self, shape, facts=None, *, as_of="2026-11-23", themes=None, **columns):
        """Screen one site (or a frame of sites) against the county."""
        from lianzhou_gis.formats import read_sites
        from lianzhou_gis.screening import screen

        sites = shape
        if isinstance(shape, shapely.Geometry):
            table = {"site_id": ["DEMO-S"], "name": ["示例项目"], "accuracy_m": [0.5], **columns}
            sites = gpd.GeoDataFrame(table, geometry=[shape], crs="EPSG:4490")
        return screen(read_sites(sites), self.write(), facts=facts, as_of=as_of, themes=themes)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Tests keep layers in a folder of their own, and find nothing there that another run left."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("LIANZHOU_GIS_CACHE")
    os.environ["LIANZHOU_GIS_CACHE"] = str(folder)
    yield
    if before is None:
        del os.environ["LIANZHOU_GIS_CACHE"]
    else:
        os.environ["LIANZHOU_GIS_CACHE"] = before


@pytest.fixture(scope="session")
def county_class():
    """For fixtures that live longer than one test."""
    return County


@pytest.fixture
def county(tmp_path):
    return County(tmp_path)


@pytest.fixture(name="rectangle")
def _rectangle():
    return rectangle


@pytest.fixture(name="moved")
def _moved():
    return moved


@pytest.fixture(name="square")
def _square():
    return square


def _chromium(playwright):
    system = shutil.which("chromium")
    return playwright.chromium.launch(
        executable_path=system,
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    )


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        try:
            browser = _chromium(playwright)
        except sync_api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium: {error.message.splitlines()[0]}")
        yield browser
        browser.close()
