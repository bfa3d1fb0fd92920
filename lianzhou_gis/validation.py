"""Validation of records by pydantic: constraints for dataclass fields, and what is wrong as bilingual messages.

A record is one dataclass. Its annotations hold the constraints, so that reading, JSON Schema and documentation follow
from one definition; pydantic is imported only where something is validated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lianzhou_gis.errors import LianzhouError, Message

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationError
    from pydantic_core import CoreSchema, ErrorDetails

__all__ = ["STRICT_KEYS", "Check", "Constraint", "Invalid", "first_invalid"]

# Configuration of a record: unknown keys and infinite numbers are refused.
STRICT_KEYS: Mapping[str, Any] = {"extra": "forbid", "allow_inf_nan": False}

# Kinds of pydantic's errors with a message of their own, by the beginning of their names.
_KINDS = (
    "missing",
    "extra_forbidden",
    "unexpected_keyword_argument",
    "string_pattern_mismatch",
    "string_too_short",
    "too_short",
    "literal_error",
    "greater_than_equal",
    "greater_than",
    "less_than_equal",
    "less_than",
    "finite_number",
    "int_",
    "float_",
    "bool_",
    "date_",
    "string_type",
    "dict_type",
    "dataclass_type",
    "model_type",
    "list_type",
    "tuple_type",
)
_ALIASES = {"unexpected_keyword_argument": "extra_forbidden", "model_type": "dict_type", "dataclass_type": "dict_type",
            "tuple_type": "list_type", "string_too_short": "too_short"}  # fmt: skip


class Constraint:
    """Constraint of an annotated field, by the names of pydantic's core schema.

    Parameters
    ----------
    **settings
        For instance ``pattern``, ``min_length``, ``ge``, ``gt``.

    Examples
    --------
    >>> from typing import Annotated
    >>> from pydantic import TypeAdapter
    >>> TypeAdapter(Annotated[int, Constraint(ge=1)]).json_schema()
    {'minimum': 1, 'type': 'integer'}
    """

    def __init__(self, **settings: object) -> None:
        self._settings = settings

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the field with the constraint."""
        schema: Any = {**handler(source), **self._settings}
        return schema  # type: ignore[no-any-return]


class Check:
    """Check of an annotated field by a function that returns the value or raises a ``ValueError``.

    Parameters
    ----------
    function : callable
    before : bool
        Check the value as read, before it is converted to the type of the field.
    """

    def __init__(self, function: Callable[[Any], Any], *, before: bool = False) -> None:
        self._function, self._before = function, before

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the field with the check."""
        from pydantic_core import core_schema

        if self._before:
            return core_schema.no_info_before_validator_function(self._function, handler(source))
        return core_schema.no_info_after_validator_function(self._function, handler(source))


class Invalid(NamedTuple):
    """What is wrong with a document.

    Attributes
    ----------
    steps : tuple of int and str
        Keys and positions that lead to the value.
    message : Message
        Without the place.
    more : int
        How many other errors there are.
    """

    steps: tuple[int | str, ...]
    message: Message
    more: int

    @property
    def key(self) -> str:
        """The steps as one text.

        Examples
        --------
        >>> Invalid(("layers", 1, "id"), Message("invalid.missing", "", ""), 0).key
        'layers.1.id'
        """
        return ".".join(str(step) for step in self.steps) or "-"


def first_invalid(error: ValidationError) -> Invalid:
    """Return the first thing that is wrong."""
    errors = error.errors(include_url=False)
    # If no item of a list is valid, pydantic counts the empty list as one more error.
    errors = [item for item in errors if item["type"] != "too_short"] or errors
    return Invalid(tuple(errors[0]["loc"]), _message(errors[0]), len(errors) - 1)


def _message(item: ErrorDetails) -> Message:
    context = item.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, LianzhouError):
        return raised.message
    kind = next((kind for kind in _KINDS if item["type"].startswith(kind)), "other")
    limit = next((context[name] for name in ("ge", "gt", "le", "lt", "min_length") if name in context), None)
    return Message.from_code(
        f"invalid.{_ALIASES.get(kind, kind).rstrip('_')}",
        value=str(item["input"])[:40],
        limit=limit,
        expected=str(context.get("expected", "")).replace(" or ", ", ").replace("'", ""),
        problem=item["msg"].removeprefix("Value error, "),
    )
