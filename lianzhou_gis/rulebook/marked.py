"""YAML whose mappings know their lines, so that whatever is wrong can be refused with its place."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import RuleError

if TYPE_CHECKING:
    import yaml

__all__ = ["Marked", "read_marked"]

_LARGEST = 2_000_000


class Marked(dict[str, Any]):
    """A YAML mapping that knows its line."""

    line: int = 0


def _mapping(loader: Any, node: yaml.MappingNode) -> Marked:  # noqa: ANN401 - a YAML loader
    from yaml.constructor import ConstructorError

    result = Marked()
    result.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        try:
            result[key] = loader.construct_object(value_node, deep=True)
        except ValueError as error:
            # A 30 February and its like: the reader of YAML takes it for a date and then stumbles over it.
            raise ConstructorError(None, None, f"{key}: {error}", value_node.start_mark) from error
    return result


@cache
def _loader() -> Any:  # noqa: ANN401 - a YAML loader
    """Return the loader that refuses duplicate keys and keeps the line of each mapping.

    The library is imported here: most starts of the program find all that is YAML in the cache.
    """
    import yaml

    loader = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)  # type: ignore[attr-defined]
    return loader


def read_marked(path: Path) -> Any:  # noqa: ANN401 - any YAML
    """Read a YAML file whose mappings know their lines.

    Raises
    ------
    RuleError
        If it is no YAML, too large, or has a duplicate key.
    """
    import yaml

    text = path.read_text(encoding="utf-8")
    if len(text) > _LARGEST:
        raise RuleError(f"{path.name}：文件过大", f"{path.name}: the file is too large")
    try:
        if "&" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise RuleError(f"{path.name}：不接受 YAML 引用", f"{path.name}: YAML aliases are not accepted")
        return yaml.load(text, Loader=_loader())
    except (RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        # Newer builds of libyaml stop at a depth of their own; older ones run into Python's.
        if isinstance(error, RecursionError) or "nesting depth" in problem:
            raise RuleError(f"{path.name}：嵌套过深", f"{path.name}: nested too deeply") from error
        raise RuleError(f"{path.name}:{line}：YAML 有误（{problem}）", f"{path.name}:{line}: {problem}") from error
