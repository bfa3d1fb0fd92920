"""What a form says of a project beside its facts: codes, names, land class; given in a YAML file by the office."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from lianzhou_gis.errors import FormatError, MissingFileError, did_you_mean

__all__ = ["Particulars", "read_particulars"]

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_PROJECT_CODE = re.compile(r"\d{4}-\d{6}-\d{2}-\d{2}-\d{6}")
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Particulars:
    """Entries of a form that no rule asks for; what is not given stays to be filled in by hand.

    Attributes
    ----------
    project_code : str or None
        项目代码 of the investment platform, ``2026-441882-01-03-000000``.
    credit_code : str or None
        统一社会信用代码 of the applicant, 18 characters.
    land_class : str or None
        现状地类.
    new_construction_land : str or None
        新增建设用地, as words or hectares.
    plot_code : str or None
        地块代码 of the national soil platform, 13 digits.
    documents : mapping
        By theme: the document that covers what is occupied (批复、意见、论证).
    """

    project_code: str | None = None
    credit_code: str | None = None
    applicant: str | None = None
    contact: str | None = None
    scale: str | None = None
    land_class: str | None = None
    new_construction_land: str | None = None
    plot_code: str | None = None
    survey_unit: str | None = None
    remarks: str | None = None
    documents: Mapping[str, str] = field(default_factory=dict)


_NAMES = tuple(item.name for item in fields(Particulars))


def _checked(raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise FormatError(f"{where}：应为“名称: 值”的列表", f"{where}: a mapping of names to values is expected")
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _NAMES:
            zh, en = did_you_mean(str(name), _NAMES)
            raise FormatError(f"{where}：没有条目 {name}{zh}", f"{where}: there is no entry {name}{en}")
        if name == "documents":
            if not isinstance(value, Mapping):
                raise FormatError(f"{where}：documents 应按主题列出", f"{where}: documents are listed by theme")
            found[name] = {str(theme): str(text) for theme, text in value.items()}
        elif value is not None:
            found[str(name)] = str(value).strip()
    for name, pattern, zh, en in (
        ("credit_code", _CREDIT_CODE, "统一社会信用代码应为 18 位", "a credit code has 18 characters"),
        ("project_code", _PROJECT_CODE, "项目代码形如 2026-441882-01-03-000000", "is like 2026-441882-01-03-000000"),
    ):
        if name in found and not pattern.fullmatch(found[name]):
            raise FormatError(f"{where}：{name} {found[name]!r} 有误，{zh}", f"{where}: {name} {found[name]!r}: {en}")
    return found


def read_particulars(path: str | Path) -> dict[str, Particulars]:
    """Read ``{all: {...}, sites: {id: {...}}}``; the entry ``""`` holds what is the same for all sites.

    Raises
    ------
    MissingFileError, FormatError
        Names the file, the site and the entry.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "particulars.yaml"
    >>> _ = path.write_text("sites: {A: {applicant: 某公司}}", encoding="utf-8")
    >>> read_particulars(path)["A"].applicant
    '某公司'
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"{path.name}：没有这个文件", f"{path.name}: no such file")
    try:
        content = path.read_bytes()
        if len(content) > _MOST_BYTES:
            raise ValueError("too large")
        data = yaml.load(content.decode("utf-8-sig"), Loader=yaml.CSafeLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FormatError(f"{path.name}：不是可读的 YAML（UTF-8）", f"{path.name}: not a YAML file in UTF-8") from error
    if not isinstance(data, Mapping) or not set(data) <= {"all", "sites"}:
        raise FormatError(
            f"{path.name}：顶层只有 all 与 sites 两项", f"{path.name}: there are all and sites at the top"
        )
    shared = _checked(data.get("all") or {}, f"{path.name}：all")
    found = {"": Particulars(**shared)}
    sites = data.get("sites") or {}
    if not isinstance(sites, Mapping):
        raise FormatError(f"{path.name}：sites 应按项目编号列出", f"{path.name}: sites are listed by their ids")
    for site_id, raw in sites.items():
        found[str(site_id)] = Particulars(**(shared | _checked(raw or {}, f"{path.name}：{site_id}")))
    return found
