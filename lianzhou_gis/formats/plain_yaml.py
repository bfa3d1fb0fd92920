"""YAML from elsewhere: plain values, no duplicate keys, no aliases. Imported only where there is such a file."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["read_plain_yaml"]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses duplicate keys: a file must not say what it does not show."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:  # noqa: ANN401 - PyYAML
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_plain_yaml(text: str) -> Any:  # noqa: ANN401 - any YAML
    """Read a text of YAML.

    Raises
    ------
    yaml.YAMLError
        If it is none, has a duplicate key or an alias.

    Examples
    --------
    >>> read_plain_yaml("livestock: no")
    {'livestock': False}
    """
    for event in yaml.parse(text) if "*" in text else ():
        # An alias can swell to any size, and shows something else than it says.
        if isinstance(event, yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases are not accepted")
    return yaml.load(text, Loader=_Loader)
