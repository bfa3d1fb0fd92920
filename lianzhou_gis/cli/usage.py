"""A command line that cannot be understood, told like every other error: one line, place and remedy, exit code 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, Any

import click

__all__ = ["one_line", "spoken"]


def spoken(line: Sequence[str]) -> str:
    """Return the language that a line asks for, before anything of it is understood.

    Examples
    --------
    >>> spoken(["screen", "--lang", "en"]), spoken(["screen", "--lang=en"]), spoken(["screen"])
    ('en', 'en', 'zh')
    """
    return "en" if "--lang=en" in line or ("--lang", "en") in pairwise(line) else "zh"


class _Misspoken(click.ClickException):
    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=file is None)


@contextmanager
def one_line(language: str) -> Iterator[None]:
    """Turn what click says of a wrong line, over several and in English, into one line."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        zh, en = _told(error)
        path = error.ctx.command_path if error.ctx is not None else "lianzhou-gis"
        said = (
            f"错误：{zh}；用法见 {path} --help" if language == "zh" else f"Error: {en.rstrip('.')}; see {path} --help"
        )
        raise _Misspoken(" ".join(said.split())) from None


def _told(error: click.UsageError) -> tuple[str, str]:
    en = error.format_message()
    if isinstance(error, click.NoSuchOption):
        near = "、".join(error.possibilities or ())
        return f"没有选项 {error.option_name}{f'；是否指 {near}' if near else ''}", en
    if isinstance(error, click.MissingParameter):
        if error.param is None or error.ctx is None:
            return f"缺少 {error.param_hint}", en
        return f"缺少 {error.param.make_metavar(error.ctx)}", en
    if isinstance(error, click.BadParameter):
        place = error.param.get_error_hint(error.ctx) if error.param is not None and error.ctx is not None else ""
        chosen = getattr(error.param and error.param.type, "choices", None)
        why = f"可取 {'、'.join(map(str, chosen))}" if chosen else error.message.rstrip(".")
        return f"{place} 的值有误：{why}", en
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 缺少值或用法不对", en
    if error.ctx is not None and isinstance(error.ctx.command, click.Group):
        names = ", ".join(error.ctx.command.list_commands(error.ctx))
        return f"没有这个命令，可用的有 {names}", f"{en.rstrip('.')}, there are {names}"
    return f"多余的参数，或参数不全（{error.message.rstrip('.')}）", en
