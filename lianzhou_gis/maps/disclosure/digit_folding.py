"""Numbers in texts as decimal digits, however they are written: other digit signs, Chinese numerals, words, gaps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

__all__ = ["digit_spellings", "plain_digits"]

_DIGITS = {
    **{letter: number for number, letter in enumerate("零一二三四五六七八九")},
    **{letter: number for number, letter in enumerate("零壹贰叁肆伍陆柒捌玖")},
    # Digits as they are read out, and in traditional and financial writing.
    "〇": 0, "○": 0, "Ｏ": 0, "洞": 0, "幺": 1, "弌": 1, "两": 2, "兩": 2, "貳": 2, "參": 3, "叄": 3, "陸": 6,
    "拐": 7, "勾": 9,
}  # fmt: skip
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TENS = {"廿": "二十", "卄": "二十", "卅": "三十", "卌": "四十"}
_NUMERALS = "[" + "".join(_DIGITS) + "".join(_STEPS) + "万點点]"
_CHINESE = re.compile(rf"{_NUMERALS}{{2,}}|{_NUMERALS}(?=[度分秒])")
_WORDS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "point": ".", "dot": ".", "ling": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2",
    "san": "3", "si": "4", "wu": "5", "liu": "6", "qi": "7", "ba": "8", "jiu": "9", "dian": ".",
}  # fmt: skip
_WORD = "(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
_WORD_RUN = re.compile(rf"(?<![a-z]){_WORD}(?:[\s,\-_/]*{_WORD}){{3,}}(?![a-z])", re.IGNORECASE)
# 1.1230123e2, as spreadsheets write; and words between degrees and minutes.
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d{1,3}\.\d{2,})\s?[eE]\s?([+-]?\d{1,2})(?!\w)")
_FILLING = re.compile(r"(?<=[度分])\s*[又加和余零]\s*(?=\d)")
_POINTS = re.compile(r"(?<=\d)\s*[。·•・‧∙点點]\s*(?=\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d)[,'](?=\d{4,}(?!\d))")
# Signs within a number, and those that may also stand between two numbers.
_WITHIN = re.compile(r"(?<=\d)[\s_\-–—~^*|]{1,3}(?=[\d.])|(?<=\.)[\s_\-–—~^*|]{1,3}(?=\d)")
_BETWEEN = re.compile(r"(?<=\d)[^\w\u3400-\u9fff]{1,4}(?=\d)")


def plain_digits(text: str) -> str:
    """Return a text with every sign that stands for a digit as 0 to 9, and Chinese numerals as decimal numbers.

    Examples
    --------
    >>> plain_digits("①①②．❸⁰、٢٤"), plain_digits("幺幺两点三零"), plain_digits("一百一十二度"), plain_digits("廿四度")
    ('112.30、24', '112.30', '112度', '24度')
    """
    if not text.isascii():
        text = "".join(_digit(letter) for letter in text)
        text = unicodedata.normalize("NFKC", text)
        text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Mn", "Me"))
        text = _CHINESE.sub(_decimal, "".join(_TENS.get(letter, letter) for letter in text))
        text = _FILLING.sub("", text)
    return _SCIENTIFIC.sub(_written_out, _WORD_RUN.sub(_from_words, text))


def _digit(letter: str) -> str:
    """Return a sign as a digit where it stands for one of 0 to 9: circled, raised, of other scripts."""
    if letter.isascii() or unicodedata.category(letter) not in ("Nd", "Nl", "No"):
        return letter
    value = unicodedata.numeric(letter, -1.0)
    return str(int(value)) if value in range(10) else letter


def digit_spellings(text: str) -> Iterator[str]:
    """Yield a text whose digits are plain, then without the signs in and between its numbers where that is another.

    Examples
    --------
    >>> list(digit_spellings("1-1-2.3 0 1"))
    ['1-1-2.3 0 1', '112.301', '112301']
    """
    text = plain_digits(text)
    yield text
    pointed = _DECIMAL_COMMA.sub(".", _POINTS.sub(".", text))
    closed = _WITHIN.sub("", pointed)
    joined = _BETWEEN.sub("", closed)
    yield from dict.fromkeys(item for item in (pointed, closed, joined) if item != text)


def _written_out(match: re.Match[str]) -> str:
    return format(Decimal(match[1]).scaleb(int(match[2])), "f")


def _from_words(match: re.Match[str]) -> str:
    return "".join(_WORDS[word.lower()] for word in re.findall(_WORD, match.group(), re.IGNORECASE))


def _decimal(match: re.Match[str]) -> str:
    """Return Chinese numerals in digits; a run that is no number stays."""
    whole, _, after = match.group().replace("點", "点").partition("点")
    if not whole or any(letter not in _DIGITS for letter in after):
        return match.group()
    decimals = "".join(str(_DIGITS[letter]) for letter in after)
    if all(letter in _DIGITS for letter in whole):
        number = "".join(str(_DIGITS[letter]) for letter in whole)
    else:
        total, part, digit = 0, 0, 0
        for letter in whole:
            if letter in _DIGITS:
                digit = _DIGITS[letter]
            elif letter in _STEPS:
                part += (digit or 1) * _STEPS[letter]
                digit = 0
            else:
                total += (part + digit) * 10_000
                part = digit = 0
        number = str(total + part + digit)
    return number + ("." + decimals if decimals else "")
