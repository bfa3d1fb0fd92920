"""``lianzhou-gis publish``: publishes the public part of a catalog or a run, and checks a publication."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FormatError

__all__ = ["publish"]


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="发布文件夹 / folder of the publication")
@click.option("--profile", help="发布方案：YAML 文件，或图层目录旁 profiles/ 中的名称 / what is made public")
@click.option("--check", "checked", type=click.Path(path_type=Path), help="检查已有的发布文件夹 / check a publication")
@click.option("--against", type=click.Path(path_type=Path), help="与其来源比对（同 --check）/ its source, with --check")
@click.option("--overwrite", is_flag=True, help="覆盖已有的发布 / replace an earlier publication")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def publish(
    source: Path | None,
    to: Path | None,
    profile: str | None,
    checked: Path | None,
    against: Path | None,
    overwrite: bool,
    as_of: str | None,
    as_json: bool,
    lang: str,
) -> None:
    """发布：SOURCE 为图层目录（layers.yaml）或结果文件夹；未声明公开的一律不出现，写出前逐字节自检。

    Publish a catalog or a run: nothing appears that was not declared public; the bytes are checked first.
    """
    options.day(as_of)
    if checked is not None:
        _check(checked, against, as_of=as_of, as_json=as_json, lang=lang)
        return
    if source is None or to is None or profile is None:
        raise FormatError.from_code("publication_source_missing")

    from lianzhou_gis.maps import disclosure

    made = disclosure.open_source(source, as_of=as_of)
    wanted = disclosure.read_profile(disclosure.profile_at(profile, source if source.is_dir() else source.parent))
    manifest = disclosure.publish(made, wanted, to, overwrite=overwrite)
    if as_json:
        click.echo(manifest.model_dump_json(indent=1))
        return
    zh = lang == "zh"
    click.echo(("已发布：" if zh else "Published: ") + str(to))
    for part in manifest.layers:
        click.echo(f"  {part.title}（{part.show}）" + (f"，{part.accuracy_m:g} m" if part.accuracy_m else ""))
    click.echo("未公开：" if zh else "Withheld:")
    for item in manifest.withheld:
        click.echo(f"  {item.what}：{item.why}")
    click.echo("自检通过：已与来源逐项比对" if zh else "Checked against its source: nothing found")


def _check(folder: Path, against: Path | None, *, as_of: str | None, as_json: bool, lang: str) -> None:
    from lianzhou_gis.maps import disclosure

    source = disclosure.open_source(against, as_of=as_of) if against is not None else None
    found = disclosure.check_publication(folder, source)
    if as_json:
        records = [{"code": item.code, "where": item.where, "message": item.message} for item in found]
        click.echo(json.dumps({"compared": source is not None, "found": records}, ensure_ascii=False, indent=1))
    else:
        for item in found:
            click.echo(f"[{item.code}] {item.zh if lang == 'zh' else item.en}")
        if source is None:
            note = "未给出 --against：只检查了格式、脚本与地址，未与来源比对数值和坐标"
            click.echo(note if lang == "zh" else "Without --against no value and no coordinate was compared")
        if not found:
            click.echo("未发现问题" if lang == "zh" else "Nothing found")
    if found:
        sys.exit(1)
