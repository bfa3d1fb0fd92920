"""Files as planners hold them, and a catalog of one's own to bring them into."""

import datetime
import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.intake import carry_out, parse_options, plan_import, read_source
from lianzhou_gis.rulebook import Rulebook

DAY = datetime.date(2026, 11, 23)
CITY = shapely.box(112.1, 24.6, 112.8, 25.2)


@pytest.fixture(scope="session")
def facts():
    return Rulebook.load().facts


class Desk:
    """A folder with files, and the catalog that they are brought into."""

    def __init__(self, path, facts):
        self.path, self.facts = path, facts
        self.catalog_path = path / "layers" / "layers.yaml"

    def file(self, columns, shapes=None, *, name="data.gpkg", crs="EPSG:4490", **write):
        """Write a file."""
        count = len(next(iter(columns.values())))
        shapes = shapes or [shapely.box(112.4 + k / 50, 24.8, 112.41 + k / 50, 24.81) for k in range(count)]
        frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4490")).to_crs(crs)
        frame.to_file(self.path / name, engine="pyogrio", **write)
        return self.path / name

    def plan(self, path, theme="water_source_zone", *, read=None, **options):
        source = read_source(path, theme, self.catalog_path, day=DAY, facts=self.facts, **(read or {}))
        return plan_import(source, parse_options(options, "told"))

    def bring(self, path, theme="water_source_zone", *, dry_run=False, **options):
        options = options if "coverage" in options or "no_coverage" in options else {"coverage": CITY.wkt, **options}
        if not {"expected_count", "uncounted"} & set(options):
            options["uncounted"] = "示例，由测试编制"
        return carry_out(self.plan(path, theme, **options), dry_run=dry_run)

    def catalog(self):
        return Catalog.open(self.catalog_path)

    def begin(self, text):
        """Write a catalog by hand."""
        self.catalog_path.parent.mkdir(exist_ok=True)
        self.catalog_path.write_bytes(text.encode())

    def record(self, name):
        return json.loads((self.catalog_path.parent / f"{name}.import.json").read_text(encoding="utf-8"))

    def everything(self):
        """Every file with its bytes."""
        return {str(path): path.read_bytes() for path in sorted(Path(self.path).rglob("*")) if path.is_file()}


@pytest.fixture
def desk(tmp_path, facts):
    return Desk(tmp_path, facts)


@pytest.fixture(scope="session")
def as_yaml():
    return lambda data: yaml.safe_dump(data, allow_unicode=True)
