"""An ordinary project, of which all is known, somewhere in the county."""

from pathlib import Path

import pytest
import yaml

ORDINARY = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ordinary.yaml").read_text(encoding="utf-8"))


class Place:
    """A square site of 100 m with what lies around it, screened end to end."""

    facts = ORDINARY

    def __init__(self, county, rectangle, moved):
        self.county, self.rectangle, self.moved = county, rectangle, moved
        self.at = (112.438, 24.872)

    def box(self, west, south, east, north):
        """A rectangle by metres from the middle of the site."""
        return self.rectangle(*self.at, west, south, east, north)

    @property
    def site(self):
        return self.box(-50, -50, 50, 50)

    def zone(self, theme, *edges, **columns):
        """Put a zone by its metres from the middle; without any all around the site."""
        self.county.add(theme, self.box(*(edges or (-400, -400, 400, 400))), **columns)

    def screen(self, as_of="2026-11-23", shape=None, columns=None, **facts):
        """Screen the site; facts are those of an ordinary warehouse, changed."""
        result = self.county.screen(shape or self.site, {**self.facts, **facts}, as_of=as_of, **(columns or {}))
        return Screened(result)


class Screened:
    def __init__(self, result):
        self.result = result
        (self.row,) = result.sites.itertuples()
        self.verdict, self.worst = self.row.verdict, self.row.worst_possible
        table = result.findings
        self.found = dict(zip(table["rule_id"], table["effect"], strict=True))
        self.gaps = set(result.gaps["reason"])
        self.overlaps = result.overlaps[result.overlaps["subject"] == "footprint"]

    def of(self, zone_id):
        (row,) = self.overlaps[self.overlaps["zone_id"] == zone_id].itertuples()
        return row


@pytest.fixture
def place(county, rectangle, moved):
    return Place(county, rectangle, moved)
