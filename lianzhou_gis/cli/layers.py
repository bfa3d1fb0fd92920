"""``lianzhou-gis layers``: lists, checks, imports and compares the layers of a catalog."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lianzhou_gis.cli import options
from lianzhou_gis.cli.layers_access import access
from lianzhou_gis.cli.layers_check import check
from lianzhou_gis.cli.layers_diff import diff
from lianzhou_gis.cli.layers_import import import_layer
from lianzhou_gis.cli.layers_replace import remove, replace_layer

__all__ = ["layers"]


@click.group()
def layers() -> None:
    """图层清单、入库与检查 / List, import and check the layers."""


layers.add_command(access)
layers.add_command(check)
layers.add_command(diff)
layers.add_command(import_layer)
layers.add_command(remove)
layers.add_command(replace_layer)


@layers.command("list")
@options.catalog
@options.json_option
@options.lang
@options.guarded
def list_layers(catalog: Path, as_json: bool, lang: str) -> None:
    """列出图层目录中的图层。

    List the layers of a catalog.
    """
    from lianzhou_gis.catalog import Catalog
    from lianzhou_gis.cli.tables import plain_table
    from lianzhou_gis.formats.postgis_source import mask_password
    from lianzhou_gis.vocabulary import theme

    entries = Catalog.open(catalog).layers
    if as_json:
        records = [entry.to_json() for entry in entries]
        records = [{**record, "path": mask_password(record["path"])} for record in records]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    heads = {
        "zh": ("图层", "名称", "主题", "数据日期", "有效期", "覆盖范围", "文件", "公开"),
        "en": ("Layer", "Title", "Theme", "Data of", "Valid", "Coverage", "File", "Disclosure"),
    }[lang]
    rows = [
        (
            entry.id,
            entry.name[lang],
            theme(entry.theme).label[lang],
            entry.data_date,
            f"{entry.valid_from or '…'} – {entry.valid_to or '…'}",
            entry.coverage,
            mask_password(entry.path),
            entry.disclosure,
        )
        for entry in entries
    ]
    options.console().print(plain_table(heads, rows))


@layers.command()
@click.option("--clear", is_flag=True, help="清空 / remove everything")
@options.json_option
@options.lang
@options.guarded
def cache(clear: bool, as_json: bool, lang: str) -> None:
    """列出或清空图层缓存；缓存可随时删除，只会使下一次核查变慢。

    List or clear the cache of layers; it can be deleted at any time, the next run then takes longer.
    """
    from datetime import UTC, datetime

    from lianzhou_gis.cli.tables import plain_table
    from lianzhou_gis.layers import Cache

    store = Cache.standard()
    if clear:
        count = store.clear()
        click.echo(f"已删除 {count} 个缓存文件" if lang == "zh" else f"{count} files removed")
        return
    files = store.files()
    used = [datetime.fromtimestamp(file.used, UTC).isoformat(timespec="seconds") for file in files]
    if as_json:
        records = [
            {"kind": file.kind, "layer": file.subject, "bytes": file.size, "used": when, "file": file.path.name}
            for file, when in zip(files, used, strict=True)
        ]
        folder = None if store.folder is None else str(store.folder)
        click.echo(json.dumps({"folder": folder, "limit": store.limit, "files": records}, ensure_ascii=False, indent=1))
        return
    kinds = {
        "zones": ("图层", "zones"),
        "index": ("索引", "index"),
        "catalog": ("图层目录", "catalog"),
        "rulebook": ("规则库", "rulebook"),
        "words": ("词表", "words"),
    }
    heads = ("图层", "内容", "大小 MB", "最近使用") if lang == "zh" else ("Layer", "What", "MB", "Last used")
    rows = [
        (file.subject, kinds.get(file.kind, ("?", "?"))[lang == "en"], f"{file.size / 2**20:.1f}", when)
        for file, when in zip(files, used, strict=True)
    ]
    options.console().print(plain_table(heads, rows))
    total = sum(file.size for file in files) / 2**20
    off = "缓存已关闭" if lang == "zh" else "the cache is off"
    click.echo(f"{store.folder or off}: {total:.1f} / {store.limit / 2**20:.0f} MB")
