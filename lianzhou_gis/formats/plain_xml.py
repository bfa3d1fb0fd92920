"""XML without a document type: no entities, nothing fetched, no depth that harms."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat

from lianzhou_gis.errors import FormatError

__all__ = ["parse_plain_xml"]

_DEEPEST = 200
_CHUNK = 2**20


def parse_plain_xml(text: str, name: str, refused: Mapping[str, str] | None = None) -> ET.Element:
    """Return the tree of an XML text, tags without namespaces.

    Parameters
    ----------
    text : str
        Whatever encoding it declares does not count any more.
    name : str
        File, for messages.
    refused : mapping of str to str, optional
        Tags of elements that are not read, with the variant of the message ``xml_refused``.

    Raises
    ------
    FormatError
        Naming the line: for a DOCTYPE (which is where entities are declared), a refused element, too much depth,
        or what is not well formed.

    Examples
    --------
    >>> parse_plain_xml('<a xmlns="urn:x"><b>1</b></a>', "a.kml").find("b").text
    '1'
    >>> parse_plain_xml('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "a.kml")
    Traceback (most recent call last):
    ...
    lianzhou_gis.errors.FormatError: a.kml:1: a DOCTYPE is not read, for entities may hide in it; export the file again
    """
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    depth = 0

    def refuse(code: str) -> NoReturn:
        raise FormatError.from_code(f"xml_refused.{code}", file=name, line=parser.CurrentLineNumber)

    def doctype(*_: object) -> None:
        refuse("doctype")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        local = tag.rsplit(" ", 1)[-1]
        if depth > _DEEPEST:
            refuse("depth")
        if refused and local in refused:
            refuse(refused[local])
        builder.start(local, {key.rsplit(" ", 1)[-1]: value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rsplit(" ", 1)[-1])

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    content = text.encode("utf-8", "replace")
    try:
        for place in range(0, len(content), _CHUNK):
            parser.Parse(content[place : place + _CHUNK], False)
        parser.Parse(b"", True)
        return builder.close()
    except expat.ExpatError as error:
        raise FormatError.from_code("xml_invalid", file=name, line=error.lineno, column=error.offset + 1) from error
