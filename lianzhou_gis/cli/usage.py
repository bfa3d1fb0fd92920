"""Errors of the command line and faults of the program: one line, place and remedy; exit codes 2 and 3."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import click

from lianzhou_gis.errors import Message, Phrase

__all__ = ["FAULT", "is_fault", "requested_language", "single_line_errors", "single_line_faults"]

# Exit code of a fault: of the program, the disk or the console, not of the input.
FAULT = 3
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MACHINE = (*_FULL, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EROFS)


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


def is_fault(error: OSError) -> bool:
    """Return whether an error lies with the machine, such as a full disk, and not with a file that was named."""
    return error.errno in _MACHINE


@contextmanager
def single_line_faults(language: str) -> Iterator[None]:
    """Replace a traceback by one line on stderr and exit code 3."""
    try:
        try:
            yield
        finally:
            # Otherwise a disk that is full shows only when the interpreter has ended.
            sys.stdout.flush()
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            # The reader of a pipe has ended: click leaves in silence.
            raise
        _silence_output()
        message = _fault(error)
        line = f"错误：{message.zh}" if language == "zh" else f"Error: {message.en}"
        with suppress(UnicodeEncodeError, LookupError):
            line.encode(sys.stderr.encoding or "ascii")
            click.echo(" ".join(line.split()), err=True)
            raise SystemExit(FAULT) from None
        click.echo(" ".join(f"Error: {message.en}".split()), err=True)
        raise SystemExit(FAULT) from None


def _silence_output() -> None:
    """Drop what could not be written to stdout, so that the interpreter does not try again when it ends."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fault(error: Exception) -> Message:
    from lianzhou_gis.isolation import fault_place

    if isinstance(error, UnicodeEncodeError):
        return Message.from_code("fault_encoding", encoding=error.encoding)
    if isinstance(error, OSError) and is_fault(error):
        name = Path(str(error.filename)).name if error.filename else ""
        place = Phrase(f"（{name}）", f" ({name})") if name else ""
        if error.errno in _FULL:
            return Message.from_code("fault_disk_full", place=place)
        return Message.from_code("fault_writing", problem=error.strerror or type(error).__name__, place=place)
    return Message.from_code("fault_internal", reason=fault_place(error))


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
