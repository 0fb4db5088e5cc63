# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreadsheets for the tests: XLSX by XlsxWriter; ODS (ODF 1.2 is a zip of XML) and XLS by hand."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter

Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows] | Rows) -> bytes:
    """Values as a person would have entered them; dates with a date's format."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        forms = {datetime: "dd.mm.yyyy hh:mm", date: "dd.mm.yyyy", time: "hh:mm"}
        formats = {kind: book.add_format({"num_format": form}) for kind, form in forms.items()}
        for name, rows in (sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}).items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif type(value) in formats:
                        sheet.write_datetime(number, column, value, formats[type(value)])
                    elif value is not None:
                        sheet.write(number, column, value)
    return file.getvalue()


def ods(rows: Rows) -> bytes:
    """Texts and numbers."""
    lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    names = ("office", "table", "text")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    content = (f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
               f'<office:body><office:spreadsheet><table:table table:name="Tabelle1">{lines}</table:table>'
               "</office:spreadsheet></office:body></office:document-content>")
    file = io.BytesIO()
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = ('<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
                f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>')
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return file.getvalue()


def _ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value={quoteattr(str(value))}/>'


def xls(rows: Rows) -> bytes:
    """Excel 97's format: BIFF8 records ([MS-XLS]) in a compound file ([MS-CFB])."""
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            at = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str) and value:
                text = value.encode("utf-16-le")
                sheet += _record(0x0204, at + struct.pack("<HB", len(text) // 2, 1) + text)
            elif value not in (None, ""):
                sheet += _record(0x0203, at + struct.pack("<d", value))
    sheet += _record(0x000A, b"")
    name = struct.pack("<BB", 1, 0) + b"A"
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + _record(0x0042, struct.pack("<H", 1200))
    offset = len(start) + 4 + 6 + len(name) + 4
    book = start + _record(0x0085, struct.pack("<IH", offset, 0) + name) + _record(0x000A, b"") + sheet
    return _compound(book)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """One stream "Workbook"; at least 4,096 bytes, as shorter ones live in a file within the file."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    sectors = len(stream) // 512
    free, end, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    fat = [fat_sector, end, *range(3, 2 + sectors), end]
    table = struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
    header = (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
              + struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108))

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return (text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) if name else 0, kind, 1, free, free, child)
                + bytes(36) + struct.pack("<IQ", first, size))

    folder = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 2, len(stream)) + entry("", 0, free, 0, 0) * 2
    return header + table + folder + stream
