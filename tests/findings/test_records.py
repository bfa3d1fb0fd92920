"""One definition of each record: what JSON, its schema, GeoPackage and Parquet hold follows from it."""

import dataclasses
import types
import typing

import pytest

from lianzhou_gis.batch.tables import TABLES
from lianzhou_gis.findings import AccessComparison, Finding, Gap, Question, Reply
from lianzhou_gis.runs import schema
from lianzhou_gis.table import columns_of

RECORDS = [
    (Finding, schema.FindingRecord, ()),
    (Gap, schema.GapRecord, ()),
    # What came out in words stands beside its code.
    (AccessComparison, schema.AccessRecord, ("said",)),
    # What the vocabulary and the access list say of a fact stands beside it, for pages.
    (
        Question,
        schema.QuestionRecord,
        ("type", "group", "known_by", "help", "unit", "choices", "none", "listed_as", "needs_document", "item_text"),
    ),
    (Reply, schema.ReplyRecord, ()),
]


def is_nullable(hint):
    return isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)


@pytest.mark.parametrize(("record", "model", "added"), RECORDS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_schema_of_json_has_the_fields_of_the_record(record, model, added):
    ours = [column for column in columns_of(record, "json") if column.name != "site_id"]
    theirs = {name: item for name, item in model.model_fields.items() if name not in added}
    assert [column.name for column in ours] == list(theirs)
    wrong = [column.name for column in ours if column.nullable and not is_nullable(theirs[column.name].annotation)]
    assert wrong == []


@pytest.mark.parametrize(("record", "table"), [(Finding, "findings"), (Gap, "gaps")])
def test_parquet_has_the_fields_of_the_record(record, table):
    names = {column.name for column in columns_of(record, "parquet")}
    assert {name.removesuffix("_zh").removesuffix("_en") for name in TABLES[table]} == names
    assert names <= {item.name for item in dataclasses.fields(record)}


def test_measures_have_a_unit_in_their_name_and_decimals():
    for record in (Finding, Gap, AccessComparison):
        for column in columns_of(record, "geopackage"):
            if column.type is float:
                assert column.format.decimals is not None, column.name
                assert column.format.unit is None or column.name.endswith(f"_{column.format.unit}")
