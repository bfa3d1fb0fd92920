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
# Stand for a code that was not given.
_ANY_CREDIT_CODE, _ANY_PROJECT_CODE = "91" + "0" * 16, "0000-000000-00-00-000000"
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
        raise FormatError.from_code("particulars_entries", where=where)
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _NAMES:
            raise FormatError.from_code(
                "particulars_unknown", where=where, entry=name, guess=did_you_mean(str(name), _NAMES)
            )
        if name == "documents":
            if not isinstance(value, Mapping):
                raise FormatError.from_code("particulars_documents", where=where)
            found[name] = {str(theme): str(text) for theme, text in value.items()}
        elif value is not None:
            found[str(name)] = str(value).strip()
    if not _CREDIT_CODE.fullmatch(found.get("credit_code", _ANY_CREDIT_CODE)):
        raise FormatError.from_code("particulars_credit_code", where=where, code=found["credit_code"])
    if not _PROJECT_CODE.fullmatch(found.get("project_code", _ANY_PROJECT_CODE)):
        raise FormatError.from_code("particulars_project_code", where=where, code=found["project_code"])
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
        raise MissingFileError.from_code("file_missing", file=path)
    try:
        content = path.read_bytes()
        if len(content) > _MOST_BYTES:
            raise ValueError("too large")
        data = yaml.load(content.decode("utf-8-sig"), Loader=yaml.CSafeLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FormatError.from_code("particulars_yaml", file=path) from error
    if not isinstance(data, Mapping) or not set(data) <= {"all", "sites"}:
        raise FormatError.from_code("particulars_top", file=path)
    shared = _checked(data.get("all") or {}, f"{path.name}：all")
    found = {"": Particulars(**shared)}
    sites = data.get("sites") or {}
    if not isinstance(sites, Mapping):
        raise FormatError.from_code("particulars_sites", file=path)
    for site_id, raw in sites.items():
        found[str(site_id)] = Particulars(**(shared | _checked(raw or {}, f"{path.name}：{site_id}")))
    return found
