# SPDX-License-Identifier: GPL-3.0-or-later
"""The published schemas are what the code says, and the examples fit them."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from callsheet.formats import schema

DATA = Path(__file__).parents[2] / "data"


def test_published_schemas_are_up_to_date() -> None:
    assert schema.outdated() == [], "run python -m callsheet.formats.schema"


def test_drift_is_told(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    assert schema.main(["--check"]) == 1
    assert "callsheet-v1.json is out of date" in capsys.readouterr().err
    assert schema.main([]) == 0
    assert schema.main(["--check"]) == 0


@pytest.mark.parametrize("name", sorted(schema.schemas()))
def test_they_are_schemas(name) -> None:
    Draft202012Validator.check_schema(schema.schemas()[name])


def test_every_field_of_a_sheet_that_needs_words_has_them() -> None:
    definitions = schema.schemas()["callsheet-v1.json"]["$defs"]
    assert definitions["Task"]["properties"]["held"]["description"].startswith("Not empty")
    assert definitions["Sheet"]["properties"]["retry"]["propertyNames"]["enum"]


def test_the_example_fits_and_a_broken_one_does_not() -> None:
    validator = Draft202012Validator(schema.schemas()["callsheet-v1.json"])
    example = json.loads((DATA / "sheet-mixed.json").read_text())
    validator.validate(example)
    for path, value in (("version", 2), ("tasks", [{"id": "a"}]), ("mode", "fast"), ("extra", 1)):
        with pytest.raises(ValidationError):
            validator.validate({**example, path: value})
    for time in ("2026-11-24", "24.11.2026 09:00", "09:00"):
        with pytest.raises(ValidationError):
            validator.validate({**example, "tasks": [{"id": "a", "number": "1", "not_before": time}]})


def test_settings_fit() -> None:
    validator = Draft202012Validator(schema.schemas()["settings-v1.json"])
    validator.validate(tomllib.loads('[calls]\ngap = 3\n[sip]\nserver = "pbx"\n'))
    with pytest.raises(ValidationError):
        validator.validate({"calls": {"gap": -1}})
