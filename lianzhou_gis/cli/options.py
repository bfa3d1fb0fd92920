"""Options that several commands share, and how an error reaches the user: one line on stderr, exit code 2."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianzhou_gis.errors import LianzhouError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["OneLine", "catalog", "console", "date_option", "guarded", "json_option", "lang"]

Command = Callable[..., Any]
_PIPE_WIDTH = 140

catalog = click.option(
    "--layers",
    "catalog",
    type=click.Path(path_type=Path),
    default=Path("layers/layers.yaml"),
    show_default=True,
    help="图层目录 / catalog of layers",
)
date_option = click.option(
    "--as-of", metavar="DATE", help="法规与图层的基准日，默认今天 / day whose law and layers apply, default today"
)
json_option = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出到标准输出 / JSON to stdout")
lang = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="输出语言 / language"
)


def _fail(message: str, language: str) -> None:
    word = "错误：" if language == "zh" else "Error: "
    click.echo(word + " ".join(message.split()), err=True)
    sys.exit(2)


def guarded(function: Command) -> Command:
    """Turn errors of the input into one line on stderr and exit code 2."""

    @functools.wraps(function)
    def run(**options: Any) -> Any:  # noqa: ANN401 - click's values
        language = options.get("lang", "zh")
        try:
            return function(**options)
        except LianzhouError as error:
            _fail(error.text(language), language)
        except OSError as error:
            name = Path(str(error.filename)).name if error.filename else ""
            _fail(f"{name}: {error.strerror or error}", language)

    return run


class OneLine(click.Command):
    """A command that refuses what it cannot parse as it refuses everything else: in one line, exit code 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and turn click's own refusals into one line in the language that was asked for."""
        english = "en" in {value for flag, value in pairwise(args) if flag == "--lang"} or "--lang=en" in args
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            said = error.format_message() if english else _refused(error)
            ending = "see --help" if english else "用法见 --help"
            _fail(
                f"{self.name}{': ' if english else '：'}{said} ({ending})" if given else said, "en" if english else "zh"
            )
            raise


def _refused(error: click.UsageError) -> str:
    """Return in Chinese what click refuses."""
    if isinstance(error, click.NoSuchOption):
        near = f"；是否指 {error.possibilities[0]}" if error.possibilities else ""
        return f"没有选项 {error.option_name}{near}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 缺少值或用法不对"
    if isinstance(error, click.BadParameter):
        name = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
        chosen = getattr(error.param.type, "choices", None) if error.param else None
        allowed = f"，可取 {'、'.join(map(str, chosen))}" if chosen else ""
        return f"{name if isinstance(name, str) else ' '.join(name or ())} 的值无效{allowed}"
    return "多余的参数，或参数不全"


def console(*, stderr: bool = False) -> Console:
    """Return a console that never takes what comes from data for markup of its own."""
    from rich.console import Console

    # Eighty columns, which a pipe is taken to have, cut Chinese tables to pieces.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False, width=width)


def day(text: str | None, option: str = "--as-of") -> str | None:
    """Check a date given on the command line.

    Raises
    ------
    FormatError
        If it is no ISO date.
    """
    from datetime import date

    from lianzhou_gis.errors import FormatError

    if text is not None:
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise FormatError(
                f"{option}：{text!r} 不是日期；请写成 2026-11-23 的形式",
                f"{option}: {text!r} is not a date; write it as 2026-11-23",
            ) from error
    return text
