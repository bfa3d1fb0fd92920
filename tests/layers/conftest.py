"""Layers of a few rows, as a reader of files gives them and as files in a folder with a catalog."""

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
import yaml

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.layers import load_layers
from lianzhou_gis.layers.schema_mapping import as_zones
from lianzhou_gis.rulebook import Rulebook


def make_entry(theme="water_source_zone", **more):
    return LayerEntry(**{"id": "layer", "series": "layer", "theme": theme, "path": "layer.gpkg", **more})


def make_records(columns, shapes=None):
    """Records as they come out of a file: its columns, ``source_row`` and the geometry."""
    count = len(next(iter(columns.values()))) if columns else len(shapes)
    if shapes is None:
        shapes = [shapely.box(112.4 + k / 100, 24.8, 112.405 + k / 100, 24.805) for k in range(count)]
    table = {**columns, "source_row": np.arange(1, count + 1)}
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4490"))


@pytest.fixture(scope="session", name="make_entry")
def _make_entry():
    return make_entry


@pytest.fixture(scope="session", name="make_records")
def _make_records():
    return make_records


@pytest.fixture(scope="session")
def zones_of():
    """Zones of columns, and the issues on the way."""

    def _zones(table, theme="water_source_zone", shapes=None, **entry):
        issues = []
        return as_zones(make_records(table, shapes), make_entry(theme, **entry), None, issues), issues

    return _zones


@pytest.fixture(scope="session")
def facts():
    return Rulebook.load().facts


class Folder:
    """A catalog with its files; every layer of it is written by hand."""

    def __init__(self, path, facts):
        self.path, self.facts = path, facts
        self.entries = []

    def layer(self, columns=None, shapes=None, *, file=None, crs="EPSG:4490", write=None, **entry):
        """Add an entry, and its file unless there are no shapes to put into it."""
        name = entry.setdefault("id", entry.get("theme", "karst_strong"))
        record = {"series": name, "theme": "karst_strong", "path": file or f"{name}.gpkg", **entry}
        self.entries.append(record)
        if shapes is not None:
            if not {"expected_count", "uncounted"} & set(record):
                record |= {"expected_count": len(shapes), "count_by": "source_row"}
            frame = gpd.GeoDataFrame(columns or {}, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4490"))
            frame = frame.to_crs(crs)
            frame.to_file(self.path / record["path"], engine="pyogrio", **(write or {}))
        return record

    def catalog(self):
        path = self.path / "layers.yaml"
        document = {"region": {"name": "演示县", "bounds": [111.6, 24.1, 113.3, 25.7]}, "layers": self.entries}
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        return Catalog.open(path)

    def load(self, day="2026-11-23", scope=None):
        scope = scope or list(dict.fromkeys(entry["theme"] for entry in self.entries))
        return load_layers(self.catalog(), scope, date.fromisoformat(day), facts=self.facts)


@pytest.fixture
def folder(tmp_path, facts):
    return Folder(tmp_path, facts)
