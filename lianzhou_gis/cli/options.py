"""Options that several commands share; errors are shown as one line on stderr with exit code 2."""

from __future__ import annotations

import errno
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lianzhou_gis.cli.usage import is_fault
from lianzhou_gis.errors import LianzhouError

if TYPE_CHECKING:
    from rich.console import Console

    from lianzhou_gis.runs import Run

__all__ = ["altered", "catalog", "console", "date_option", "guarded", "json_option", "lang", "note_state"]

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
altered = click.option(
    "--altered", is_flag=True, help="封印后被改动的结果仍要使用（每页注明）/ use a run that was altered, with a note"
)
lang = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="输出语言 / language"
)


def _fail(message: str, language: str) -> NoReturn:
    word = "错误：" if language == "zh" else "Error: "
    click.echo(word + " ".join(message.split()), err=True)
    sys.exit(2)


def guarded(function: Command) -> Command:
    """Turn errors of the input into one line on stderr and exit code 2."""

    @functools.wraps(function)
    def run(**options: Any) -> object:  # noqa: ANN401 - what click passes
        language = options.get("lang", "zh")
        try:
            return function(**options)
        except LianzhouError as error:
            _fail(error.text(language), language)
        except OSError as error:
            if is_fault(error) or error.errno == errno.EPIPE:
                raise
            name = Path(str(error.filename)).name if error.filename else ""
            _fail(f"{name}: {error.strerror or error}", language)

    return run


def console(*, stderr: bool = False) -> Console:
    """Return a console that does not interpret data as markup."""
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
            raise FormatError.from_code("option_not_a_date", option=option, text=text) from error
    return text


def note_state(run: Run, language: str) -> None:
    """Print to stderr that a run was altered, and by when it must be repeated."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from lianzhou_gis.runs.recheck import recheck_warning

    for found in run.alterations:
        word = "已改动：" if language == "zh" else "Altered: "
        click.echo(f"{word}{found.where}：{found.text(language)}", err=True)
    last = run.document["run"]["recheck_by"]
    warning = recheck_warning(run.document, datetime.now(ZoneInfo("Asia/Shanghai")).date(), language)
    due = f"须于 {last} 前重新核查" if language == "zh" else f"To be screened again by {last}"
    click.echo(warning or due, err=True)
