# SPDX-License-Identifier: GPL-3.0-or-later
"""The published JSON Schemas (2020-12), made from the code.

`python -m callsheet.formats.schema` writes them into the folder `schema`,
with `--check` it only says whether they are up to date.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from callsheet.core import model, outcomes
from callsheet.core import settings as core_settings
from callsheet.formats import lease, network, results, settings, status
from callsheet.formats.sheet_json import FORMAT, VERSION

FOLDER = Path(__file__).parent / "schema"

_SOURCES = (model, outcomes, core_settings, results, network, settings, status, lease)
_TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?$"
)
_LOCAL = {
    "type": "string", "pattern": _TIME,
    "description": "RFC 3339; without an offset: local time of the callee (zone of the task, else of the sheet)",
}
_CLOCK = {"type": "string", "pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?|24:00)$"}
# Where a sheet, unlike the results, may have local times, and times of day without seconds.
_MAY_BE_LOCAL = {
    "Window": ("start", "end"), "HistoryEntry": ("at",), "PastAttempt": ("at",), "Task": ("not_before",),
    "Sheet": ("issued", "expires"),
}


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas by file name."""
    return {
        "callsheet-v1.json": _sheet_schema(),
        "results-v1.json": _schema(results.Results, "results-v1", "Results of a call sheet, version 1"),
        "status-v1.json": _schema(status.Status, "status-v1", "Status of a phone, version 1"),
        "lease-request-v1.json": _schema(lease.LeaseRequest, "lease-request-v1", "What a phone asks, version 1"),
        "lease-answer-v1.json": _schema(lease.LeaseAnswer, "lease-answer-v1", "What the server answers, version 1"),
        "lease-file-v1.json": _schema(lease.LeaseFile, "lease-file-v1", "A phone's claim on a file server, version 1"),
        "settings-v1.json": _schema(settings.Settings, "settings-v1", "Settings of a phone (the file is TOML)"),
    }


def _schema(kind: type, name: str, title: str) -> dict[str, Any]:
    made = _sorted(msgspec.json.schema(kind))
    definitions = made["$defs"]
    docs = _field_docs()
    for struct, definition in definitions.items():
        for field, described in definition.get("properties", {}).items():
            text = docs.get((struct, field))
            if text:
                described.setdefault("description", text)
        if struct in ("Sheet", "CallSettings"):
            definition["properties"]["retry"]["propertyNames"] = {"enum": [o.value for o in outcomes.Outcome]}
        if struct == "Span":
            definition["properties"] |= {
                key: {**definition["properties"][key], **_CLOCK} for key in ("start", "end")
            }
            for key in ("start", "end"):
                definition["properties"][key].pop("format", None)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:callsheet:schema:{name}"}
    return {**head, "title": title, **made}


def _sorted(value: Any) -> Any:
    """The same with the options of each union in an order of their own; msgspec's differs from version to version."""
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _sorted(one) for key, one in value.items()}
    if "anyOf" in found:
        found["anyOf"].sort(key=lambda option: (option.get("type") == "null", json.dumps(option)))
    return found


def _sheet_schema() -> dict[str, Any]:
    made = _schema(model.Sheet, "callsheet-v1", "Call sheet, version 1")
    sheet = made["$defs"]["Sheet"]
    sheet["properties"] = {"format": {"const": FORMAT}, "version": {"const": VERSION}, **sheet["properties"]}
    sheet["required"] = ["format", "version", *sheet["required"]]
    for struct, names in _MAY_BE_LOCAL.items():
        properties = made["$defs"][struct]["properties"]
        for name in names:
            properties[name] = _with_local(properties[name])
    return made


def _with_local(described: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in described:
        return {**described, "anyOf": [_with_local(option) for option in described["anyOf"]]}
    return {**described, **_LOCAL} if described.pop("format", "") == "date-time" else described


def _field_docs() -> dict[tuple[str, str], str]:
    """The texts that stand under the fields in the code."""
    found: dict[tuple[str, str], str] = {}
    for module in _SOURCES:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                found |= {(node.name, name): text for name, text in _documented(node)}
    return found


def _documented(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for field, text in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        ):
            found.append((field.target.id, " ".join(str(text.value.value).split())))
    return found


def written(schema: dict[str, Any]) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def outdated() -> list[str]:
    """Names of published files that are not what the code says."""
    return [
        name for name, schema in schemas().items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != written(schema)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files, or check them; 1 if they are out of date."""
    parser = argparse.ArgumentParser(prog="python -m callsheet.formats.schema", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only tell")
    if parser.parse_args(argv).check:
        stale = outdated()
        for name in stale:
            print(f"{name} is out of date: run python -m callsheet.formats.schema", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / name).write_text(written(schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
