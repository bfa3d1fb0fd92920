"""``lianzhou-gis layers replace`` and ``layers remove``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lianzhou_gis.cli import options
from lianzhou_gis.cli.layers_import import pairs

__all__ = ["remove", "replace_layer"]

_ANSWERS = ("expected_count", "count_by", "uncounted", "coverage", "data_date", "document", "accuracy_m")


@click.command("replace")
@click.argument("layer_id")
@click.argument("file", type=click.Path(path_type=Path))
@options.catalog
@click.option("--mapping", type=click.Path(path_type=Path), help="说明字段与级别的 YAML / YAML of answers")
@click.option("--column", "columns", multiple=True, metavar="THEIRS=OURS", help="字段对应，可重复 / a column")
@click.option("--grade", "grades", multiple=True, metavar="VALUE=GRADE", help="级别对应，可重复 / a grade")
@click.option("--constant-grade", is_flag=True, help="写明全部区域同级 / say that all zones have one grade")
@click.option("--not-grade", multiple=True, metavar="COLUMN", help="该字段与级别无关，可重复 / no column of grades")
@click.option("--expected-count", type=int, help="应有数量 / how many a complete layer has")
@click.option("--count-by", help="按此字段计数 / column that is counted")
@click.option("--uncounted", metavar="WHY", help="无法得知应有数量的原因和说明人 / why nobody can count it, by whom")
@click.option("--coverage", help="覆盖范围，默认不变 / area for which the layer speaks, default as before")
@click.option("--data-date", metavar="DATE", help="数据日期 / day of the data")
@click.option("--document", help="批准文号 / document")
@click.option("--accuracy", "accuracy_m", type=float, metavar="M", help="平面精度（米）/ accuracy, metres")
@click.option("--layer", "layer", help="文件中的图层名 / layer in the file")
@click.option("--crs", help="文件的坐标系 / reference system of the file")
@click.option("--datum", type=click.Choice(["gcj02", "bd09"]), help="加偏基准 / offset datum")
@click.option("--encoding", help="文字编码 / encoding of texts")
@click.option("--dry-run", is_flag=True, help="只显示将会做什么 / only show what would happen")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def replace_layer(layer_id: str, file: Path, catalog: Path, **given: Any) -> None:  # noqa: ANN401 - the options above
    """以更正后的文件替换图层，编号、日期和其他设置不变；旧文件保留。

    Replace a layer by a corrected file under the same id, dates and settings; the old file stays.
    """
    options.day(given["as_of"])

    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.intake import carry_out, parse_options, plan_replacement, read_mapping, read_source
    from lianzhou_gis.rulebook import Rulebook, day_of

    answers = read_mapping(given["mapping"]) if given["mapping"] else parse_options({}, "")
    flags = {name: given[name] for name in _ANSWERS if given[name] is not None}
    answers = answers.updated(
        columns=pairs(given["columns"], "--column"),
        grades=pairs(given["grades"], "--grade"),
        not_grade=given["not_grade"],
        **(flags | ({"constant_grade": True} if given["constant_grade"] else {})),
    )
    themes = {entry.id: entry.theme for entry in Catalog.open(catalog).layers}
    source = read_source(
        file,
        themes.get(layer_id, ""),
        catalog,
        day=day_of(given["as_of"]),
        facts=Rulebook.load().facts,
        layer=given["layer"],
        crs=given["crs"],
        datum=given["datum"],
        encoding=given["encoding"],
        named=answers.columns,
    )
    done = carry_out(plan_replacement(source, layer_id, answers), dry_run=given["dry_run"])
    if given["as_json"]:
        click.echo(json.dumps({"dry_run": done.dry_run, **done.record()}, ensure_ascii=False, indent=1))
        return
    from lianzhou_gis.cli.layers_import import print_imported

    print_imported(done, given["lang"])


@click.command("remove")
@click.argument("layer_id")
@options.catalog
@options.json_option
@options.lang
@options.guarded
def remove(layer_id: str, catalog: Path, as_json: bool, lang: str) -> None:
    """把图层从目录中移除；数据文件保留。

    Take a layer out of the catalog; its files stay.
    """
    from lianzhou_gis.intake.catalog_file import remove_entry

    left = remove_entry(catalog, layer_id)
    if as_json:
        click.echo(json.dumps({"removed": layer_id, "layers": len(left.layers)}, ensure_ascii=False))
    else:
        zh, en = (
            f"已移除 {layer_id}；余 {len(left.layers)} 个图层",
            f"Removed {layer_id}; {len(left.layers)} layers are left",
        )
        click.echo(zh if lang == "zh" else en)
