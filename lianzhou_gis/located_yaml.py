"""YAML from outside the package: mappings that know their file and line, no duplicate keys, no aliases."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.errors import FormatError, LianzhouError

if TYPE_CHECKING:
    import yaml

__all__ = ["LocatedMapping", "line_at", "parse_located_yaml", "read_located_yaml"]

_MAX_CHARACTERS = 2_000_000
# Longest part of a problem that the library of YAML describes.
_MAX_PROBLEM = 120


class LocatedMapping(dict[str, Any]):
    """A YAML mapping.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    line : int
        Line in which the mapping begins, 1 the first.
    """

    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.file}:{self.line}"


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> LocatedMapping:  # noqa: ANN401 - PyYAML is untyped here
    from yaml.constructor import ConstructorError

    result = LocatedMapping()
    result.file, result.line = loader.file, node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        try:
            result[key] = loader.construct_object(value_node, deep=True)
        except ValueError as error:
            # PyYAML takes 2026-02-30 for a date and then fails on it.
            raise ConstructorError(None, None, f"{key}: {error}", value_node.start_mark) from error
    return result


@cache
def _loader_class() -> type[yaml.SafeLoader]:
    # PyYAML is imported lazily: most starts of the program find what is YAML in the cache.
    import yaml

    loader: type[yaml.SafeLoader] = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {"file": ""})
    loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)
    return loader


def parse_located_yaml(text: str, name: str, error: type[LianzhouError] = FormatError) -> Any:  # noqa: ANN401 - any YAML
    r"""Parse a text of YAML.

    Parameters
    ----------
    text : str
    name : str
        Name of the file, for messages.
    error : type
        Exception to raise.

    Returns
    -------
    LocatedMapping, list, scalar or None

    Raises
    ------
    LianzhouError
        Of the type given, if it is no YAML, too large or nested too deeply, or has a duplicate key or an alias.

    Examples
    --------
    >>> document = parse_located_yaml("all:\n  livestock: no", "facts.yaml")
    >>> document, document["all"].where
    ({'all': {'livestock': False}}, 'facts.yaml:2')
    """
    import yaml

    if len(text) > _MAX_CHARACTERS:
        raise error.from_code("yaml_too_large", file=name)
    try:
        # An alias can expand to any size, and hides what it stands for.
        if "&" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise error.from_code("yaml_alias", file=name)
        loader = type("_Loader", (_loader_class(),), {"file": name})
        return yaml.load(text, Loader=loader)
    except (RecursionError, yaml.YAMLError) as problem:
        mark = getattr(problem, "problem_mark", None)
        told = str(getattr(problem, "problem", None) or str(problem).splitlines()[0])
        # Newer builds of libyaml limit the depth; with older ones Python's own limit is reached.
        if isinstance(problem, RecursionError) or "nesting depth" in told:
            raise error.from_code("yaml_too_deep", file=name) from problem
        where = f"{name}:{mark.line + 1}" if mark else name
        raise error.from_code("yaml_invalid", where=where, problem=told[:_MAX_PROBLEM]) from problem


def read_located_yaml(path: Path, error: type[LianzhouError] = FormatError) -> Any:  # noqa: ANN401 - any YAML
    """Read a YAML file in UTF-8; as :func:`parse_located_yaml`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise error.from_code("yaml_not_utf8", file=path.name) from problem
    return parse_located_yaml(text, path.name, error)


def line_at(data: object, steps: tuple[int | str, ...]) -> int:
    r"""Return the line of the innermost mapping on the way to a value.

    Parameters
    ----------
    data : object
        A document as read.
    steps : tuple of int and str
        Keys and positions that lead to the value.

    Examples
    --------
    >>> line_at(parse_located_yaml("layers:\n- id: a\n- id: b\n", "x"), ("layers", 1, "id"))
    3
    """
    line = getattr(data, "line", 1)
    for step in steps:
        try:
            data = data[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
        line = getattr(data, "line", line)
    return int(line)
