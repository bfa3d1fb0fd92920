"""``lianzhou-gis publish``: what may be public of a catalog or a run, and the check of a publication."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianzhou_gis.cli import options
from lianzhou_gis.errors import FormatError

if TYPE_CHECKING:
    from lianzhou_gis.maps.disclosure.publication import Manifest

__all__ = ["publish"]

_STEPS = {
    "source": {"zh": "读取来源的全部图层", "en": "reading every layer of the source"},
    "zones": {"zh": "绘制区域", "en": "drawing the zones"},
    "attacks": {"zh": "反推检验", "en": "attacking what was drawn"},
    "words": {"zh": "检查文字与属性", "en": "checking texts and cells"},
    "files": {"zh": "生成文件", "en": "making the files"},
    "writing": {"zh": "写出", "en": "writing"},
    "checking": {"zh": "重新生成并逐字节比对", "en": "making everything again and comparing the bytes"},
}


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="发布文件夹 / folder of the publication")
@click.option("--profile", help="发布方案：YAML 文件，或图层目录旁 profiles/ 中的名称 / what is made public")
@click.option(
    "--exact", multiple=True, metavar="LAYER", help="确认按文件公布该图层的精确边界 / confirms as_published of a layer"
)
@click.option("--check", "checked", type=click.Path(path_type=Path), help="检查已有的发布文件夹 / check a publication")
@click.option("--against", type=click.Path(path_type=Path), help="与其来源比对（同 --check）/ its source, with --check")
@click.option("--overwrite", is_flag=True, help="覆盖已有的发布 / replace an earlier publication")
@click.option("--quiet", is_flag=True, help="不显示进度 / no progress")
@options.date_option
@options.json_option
@options.lang
@options.guarded
def publish(
    source: Path | None,
    to: Path | None,
    profile: str | None,
    exact: tuple[str, ...],
    checked: Path | None,
    against: Path | None,
    overwrite: bool,
    quiet: bool,
    as_of: str | None,
    as_json: bool,
    lang: str,
) -> None:
    """发布：SOURCE 为图层目录（layers.yaml）或结果文件夹；未声明公开的一律不出现，写出前作反推检验和逐字节自检。

    Publish a catalog or a run: nothing appears that was not declared public; attacks on it are measured first.
    """
    options.day(as_of)
    show = _progress(lang, quiet)
    if checked is not None:
        _check(checked, against, as_of=as_of, as_json=as_json, lang=lang, show=show)
        return
    if source is None or to is None or profile is None:
        raise FormatError.from_code("publication_source_missing")

    from lianzhou_gis.maps import disclosure

    wanted = disclosure.read_profile(disclosure.profile_at(profile, source if source.is_dir() else source.parent))
    show("source")
    opened = disclosure.open_source(source, as_of=as_of)
    manifest = disclosure.publish(opened, wanted, to, exact=exact, overwrite=overwrite, progress=show)
    if as_json:
        click.echo(manifest.model_dump_json(indent=1))
    else:
        _report(manifest, to, zh=lang == "zh")


def _progress(lang: str, quiet: bool) -> Callable[[str], None]:
    return (lambda step: None) if quiet else (lambda step: click.echo(_STEPS[step][lang] + " …", err=True))


def _report(manifest: Manifest, folder: Path, *, zh: bool) -> None:
    """Show what was published, how far the attacks came, and what was withheld."""
    click.echo(("已发布：" if zh else "Published: ") + str(folder))
    for part in manifest.layers:
        line = f"  {part.title}（{part.show}）"
        if part.attacks:
            line += (
                f"，{part.attacks.zones} 区，精度约 {part.public_accuracy_m:g} 米；反推误差中位数 "
                f"{part.attacks.median_m:g} 米，最小 {part.attacks.least_m:g} 米"
                if zh
                else f", {part.attacks.zones} zones, about {part.public_accuracy_m:g} m; borders recovered to a median "
                f"of {part.attacks.median_m:g} m, least {part.attacks.least_m:g} m"
            )
        elif part.as_published:
            line += (
                f"，按“{part.as_published.document}”公布" if zh else f", as published by {part.as_published.document}"
            )
        click.echo(line)
    click.echo("未公开：" if zh else "Withheld:")
    for item in manifest.withheld:
        click.echo(f"  {item.what}：{item.why}")
    click.echo("自检通过：全部文件重新生成，逐字节一致" if zh else "Checked: every file was made again, byte for byte")


def _check(
    folder: Path, against: Path | None, *, as_of: str | None, as_json: bool, lang: str, show: Callable[[str], None]
) -> None:
    from lianzhou_gis.maps import disclosure

    source = None
    if against is not None:
        show("source")
        source = disclosure.open_source(against, as_of=as_of or disclosure.day_of_publication(folder))
    show("checking")
    found = disclosure.check_publication(folder, source)
    zh = lang == "zh"
    if as_json:
        records = [{"code": item.code, "where": item.where, "message": item.message} for item in found]
        click.echo(json.dumps({"compared": source is not None, "found": records}, ensure_ascii=False, indent=1))
    else:
        for item in found:
            click.echo(f"[{item.code}] {item.where}：{item.zh}" if zh else f"[{item.code}] {item.where}: {item.en}")
        if source is None:
            note = "未给出 --against：只检查了文件是否为本软件原样写出，未与来源比对"
            click.echo(
                note if zh else "Without --against: the files were made again, but not compared with their source"
            )
        if not found:
            click.echo("未发现问题" if zh else "Nothing found")
    if found:
        sys.exit(1)
