"""What ``map`` and ``publish`` refuse they refuse in one line, in the language that was asked for."""

import re

import pytest

from lianzhou_gis.cli import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["map", "a", "--laiers"], "没有选项 --laiers（是否指 --layers？）"),
        (["map", "a", "b"], "多余的参数"),
        (["map", "a", "--basemap-datum", "x"], "可取 gcj02"),
        (["map", "a", "--to"], "选项 --to 缺少值"),
        (["map", "a", "--lang", "en", "--nothing"], "there is no option"),
        (["publish", "--profil", "x"], "没有选项 --profil（是否指 --profile？）"),
        (["publish", "--check"], "选项 --check 缺少值"),
    ],
)
def test_a_usage_error_is_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    reported = capsys.readouterr()
    assert stopped.value.code == 2 and reported.out == ""
    assert len(reported.err.splitlines()) == 1 and words in reported.err
    assert bool(re.search(r"[\u4e00-\u9fff]", reported.err)) == ("en" not in arguments)
