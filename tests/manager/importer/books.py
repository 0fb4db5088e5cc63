# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreadsheets for the tests: XLSX by XlsxWriter, ODS by hand (ODF 1.2 is a zip of XML)."""

from __future__ import annotations

import io
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
