"""Progress shows where somebody watches, and nowhere else."""

import io
import sys
import types

from lianzhou_gis.progress import STEPS, default_counter, default_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_hears_nothing(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    tell = default_progress()
    for step in STEPS:
        tell(step)
    assert stream.getvalue() == ""


def test_a_terminal_has_a_line_a_step(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    default_progress("en")("layers")
    default_progress("zh", quiet=True)("layers")
    assert stream.getvalue() == "reading the layers …\n"


def test_a_terminal_counts_the_parts_on_one_line(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    for done in (1, 2, 3):
        default_counter("en")(done, 3)
        default_counter("en", quiet=True)(done, 3)
    assert stream.getvalue().endswith("\rwriting the result 3/3 (100%)\n") and stream.getvalue().count("\n") == 1
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    default_counter("en")(1, 3)
    assert sys.stderr.getvalue() == ""


def test_a_notebook_has_a_bar_that_goes_with_the_last_step(monkeypatch):
    reported = []

    class Handle:
        def update(self, shown):
            reported.append(shown)

    def display(shown, display_id):
        reported.append(shown)
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display, HTML=str))
    tell = default_progress()
    tell("sites")
    tell("overlay")
    assert reported == [
        '<progress max="4" value="0"></progress> 读取项目 …',
        '<progress max="4" value="2"></progress> 叠加量算 …',
    ]
    tell("findings")
    assert reported[-1] == ""
