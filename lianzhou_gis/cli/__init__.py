"""The command ``lianzhou-gis``. Each command is a thin function that parses, calls the library and prints.

Only click is imported here; what a command needs is imported inside it, so that ``--help`` costs nothing.
"""

from __future__ import annotations

import gc
from importlib import import_module

import click

import lianzhou_gis
from lianzhou_gis.cli.usage import requested_language, single_line_errors, single_line_faults

__all__ = ["main"]

_COMMANDS = {
    "batch": "批量核查大量项目 / screen very many sites",
    "diff": "比较两次核查结果 / compare two runs",
    "demo": "核查演示项目（合成数据） / screen the demo sites (synthetic data)",
    "layers": "图层清单与检查 / list and check the layers",
    "map": "由结果文件夹生成地图 / make the map of a run folder",
    "publish": "发布公开成果并逐字节检查 / publish what may be public, and check it",
    "report": "由结果文件夹写出初筛表等文件 / write the documents of a run folder",
    "rules": "规则清单、说明与检查 / list, show and check the rules",
    "runs": "核查登记、到期重核与签名 / register of runs, what is due, signatures",
    "screen": "核查项目选址 / screen proposed sites",
    "verify": "核验结果文件夹 / verify a run folder",
}


class _Commands(click.Group):
    """A group that imports the module of a command when it is called, and shows usage errors as one line."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        language = requested_language(args)
        with single_line_errors(language):
            ctx = super().make_context(info_name, args, parent, **extra)
        ctx.obj = language
        return ctx

    def invoke(self, ctx: click.Context) -> object:
        with single_line_faults(ctx.obj), single_line_errors(ctx.obj):
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"lianzhou_gis.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lianzhou_gis.__version__, prog_name="lianzhou-gis")
def main() -> None:
    """连州市项目选址环境管控核查（初步筛查，不作为审批依据）。

    Constraint screening of proposed sites in Lianzhou. Exit codes: 0 done, 1 a site reaches --fail-on, 2 bad input,
    3 a fault: disk full, console, or the program itself on a site.
    """
    # A command makes many objects and drops few: to look for rings among them so often costs a tenth of its time.
    gc.set_threshold(100_000, 20, 100)
