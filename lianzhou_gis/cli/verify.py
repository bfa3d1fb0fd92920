"""``lianzhou-gis verify``: whether a run folder is as it was sealed, and agrees with its inputs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.cli import options
from lianzhou_gis.progress import default_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lianzhou_gis.runs.verify import Verification

__all__ = ["verify"]

_MOST_LINES = 20
_CERTIFICATE = {
    "confirmed": {
        "zh": "证书：校验程序读取图层复核，结论一致",
        "en": "Certificates: the checker read the layers and agrees",
    },
    "consistent": {
        "zh": "证书：与结果、规则和所附管控区一致；未给出 --layers，没有用图层复核",
        "en": "Certificates: consistent with results, rules and zones shown; without --layers not checked against them",
    },
    "disagrees": {"zh": "证书：校验程序不同意", "en": "Certificates: the checker disagrees"},
    "no_clears": {
        "zh": "证书：没有“未发现冲突”的项目，无须证书",
        "en": "Certificates: no site is clear, none is needed",
    },
    "not_checked": {"zh": "证书未复核", "en": "The certificate was not checked"},
}


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--layers", "catalog", type=click.Path(path_type=Path), help="图层目录；给出则重复核查并逐字节比对 / repeat it"
)
@click.option("--key", "keys", multiple=True, help="可信公钥（base64），可重复 / trusted public key, repeatable")
@options.json_option
@options.lang
@options.guarded
def verify(run: Path, catalog: Path | None, keys: tuple[str, ...], as_json: bool, lang: str) -> None:
    """核验结果文件夹：校验值、指纹、结论、证书、签名；给出图层时由图层复核证书并重复核查。退出码 0 一致，1 不一致。

    Verify a run folder: hashes, fingerprint, verdicts, certificates, signature; with the layers the certificates are
    checked against them and the run is repeated. Exit 0 intact, 1 not.
    """
    from lianzhou_gis.maps import map_page
    from lianzhou_gis.runs.verify import verify as check

    opened = None
    if catalog is not None:
        from lianzhou_gis.catalog import Catalog

        opened = Catalog.open(catalog)
    found = check(run, catalog=opened, trusted=keys, pages={"map.html": map_page}, progress=default_progress(lang))
    if as_json:
        click.echo(json.dumps(_record(found), ensure_ascii=False, indent=1))
    else:
        for line in _lines(found, lang):
            click.echo(line)
    if not found.intact:
        sys.exit(1)


def _record(found: Verification) -> dict[str, Any]:
    repetition = found.repetition
    return {
        "run": found.document["run"]["id"],
        "seal": found.document["seal"]["content_sha256"],
        "intact": found.intact,
        "alterations": [
            {"code": item.code, "where": item.where, "message": {"zh": item.zh, "en": item.en}}
            for item in found.alterations
        ],
        "signer": None if found.signer is None else {"name": found.signer[0], "public_key": found.signer[1]},
        "certificate": {
            "state": found.certificate.state,
            "messages": [message.texts for message in found.certificate.messages],
        },
        "repeated": repetition is not None,
        "not_repeated": None
        if found.not_repeated is None
        else {"zh": found.not_repeated.zh, "en": found.not_repeated.en},
        "files": [] if repetition is None else [item.record() for item in repetition.differences],
        "difference": None if repetition is None else repetition.difference.record(),
    }


def _lines(found: Verification, lang: str) -> Iterator[str]:
    from lianzhou_gis.runs.seal import short_seal

    zh = lang == "zh"
    run = found.document["run"]
    yield f"{'运行号' if zh else 'Run'} {run['id']}　{'封印' if zh else 'seal'} {short_seal(found.document)}"
    for item in found.alterations:
        yield f"{'不一致' if zh else 'Altered'} [{item.code}] {item.where}：{item.text(lang)}"
    if not found.alterations:
        yield (
            "文件与封印一致，结论与所列发现一致"
            if zh
            else "The files are as sealed; the verdicts follow from the findings"
        )
    if found.signer is None:
        yield "未签名" if zh else "Not signed"
    else:
        name, key = found.signer
        yield f"{'签名者' if zh else 'Signed by'} {name}（{key}）"
    yield _CERTIFICATE[found.certificate.state][lang]
    for message in found.certificate.messages[:_MOST_LINES]:
        yield f"  {message.texts[lang]}"
    if len(found.certificate.messages) > _MOST_LINES:
        yield f"  … +{len(found.certificate.messages) - _MOST_LINES}"
    if found.not_repeated is not None:
        yield found.not_repeated.text(lang)
    elif found.repetition is None:
        yield "未给出 --layers，没有重复核查" if zh else "Without --layers the run was not repeated"
    elif not found.repetition.files:
        yield "重复核查：逐字节一致" if zh else "Repeated: the same bytes"
    else:
        yield f"{'重复核查：不同的文件' if zh else 'Repeated: files that differ'} {len(found.repetition.files)}"
        for file in found.repetition.differences:
            yield f"  {file.text(lang)}"
            for place, before, after in file.places:
                yield f"    {place}: {before} → {after}"
        difference = found.repetition.difference
        for cause in difference.causes:
            yield f"  {cause.text(lang)}"
        for site in difference.sites:
            yield f"  {site.site_id}：{(site.before or {}).get(lang)} → {(site.after or {}).get(lang)}"
    yield f"{'须于' if zh else 'To be screened again by'} {run['recheck_by']}{' 前重新核查' if zh else ''}"
