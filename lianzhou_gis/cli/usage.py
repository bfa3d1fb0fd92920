"""Errors of the command line, shown like every other error: one line, place and remedy, exit code 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, Any

import click

from lianzhou_gis.errors import Message, Phrase

__all__ = ["requested_language", "single_line_errors"]


def requested_language(arguments: Sequence[str]) -> str:
    """Return the language that a command line asks for, before it is parsed.

    Examples
    --------
    >>> requested_language(["screen", "--lang", "en"]), requested_language(["screen"])
    ('en', 'zh')
    """
    return "en" if "--lang=en" in arguments or ("--lang", "en") in pairwise(arguments) else "zh"


class _UsageMessage(click.ClickException):
    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=file is None)


@contextmanager
def single_line_errors(language: str) -> Iterator[None]:
    """Replace the usage errors of click, several lines in English, by one line."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        message = _message(error)
        path = error.ctx.command_path if error.ctx is not None else "lianzhou-gis"
        text = (
            f"错误：{message.zh}；用法见 {path} --help"
            if language == "zh"
            else f"Error: {message.en}; see {path} --help"
        )
        raise _UsageMessage(" ".join(text.split())) from None


def _message(error: click.UsageError) -> Message:
    ctx = error.ctx
    if isinstance(error, click.NoSuchOption):
        near = Phrase("、".join(error.possibilities or ()), " or ".join(error.possibilities or ()))
        hint = Message.from_code("did_you_mean", names=near) if error.possibilities else ""
        return Message.from_code("usage_option_unknown", option=error.option_name, hint=hint)
    if isinstance(error, click.MissingParameter):
        name = error.param.make_metavar(ctx) if error.param is not None and ctx is not None else error.param_hint
        return Message.from_code("usage_parameter_missing", name=name)
    if isinstance(error, click.BadParameter):
        place = error.param.get_error_hint(ctx) if error.param is not None and ctx is not None else ""
        choices = getattr(error.param and error.param.type, "choices", None)
        if choices:
            return Message.from_code("usage_value_invalid.choices", name=place, choices=list(choices))
        return Message.from_code("usage_value_invalid", name=place, reason=error.message.rstrip("."))
    if isinstance(error, click.BadOptionUsage):
        return Message.from_code("usage_option_misused", option=error.option_name)
    if ctx is not None and isinstance(ctx.command, click.Group):
        return Message.from_code("usage_command_unknown", known=ctx.command.list_commands(ctx))
    return Message.from_code("usage_arguments", reason=error.message.rstrip("."))
