# SPDX-License-Identifier: GPL-3.0-or-later
"""Both languages say the same, everything the page asks for is there, and nothing is there for nobody."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

import callsheet.manager.web
from callsheet.core import texts as phone
from callsheet.manager import audit
from callsheet.manager.importer.intake import STAGES
from callsheet.manager.web import navigation, progress, texts
from callsheet.manager.web.diagnoses import DIAGNOSES
from callsheet.manager.web.live import rows
from callsheet.manager.web.pages.imports import REJECTS

WEB = Path(callsheet.manager.web.__file__).parent
FIRMWARE = Path(callsheet.__file__).parent
SOURCE = "\n".join(path.read_text(encoding="utf-8") for pattern in ("*.py", "*.html") for path in WEB.rglob(pattern)
                   if "texts" not in path.parts)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", sorted(set(texts.CATALOGUE) - {"en"}))
def test_a_language_has_the_same_keys_and_fields(language):
    english, other = texts.CATALOGUE["en"], texts.CATALOGUE[language]
    assert set(english) == set(other)
    for key in english:
        if not key.endswith(".one"):
            assert fields(english[key]) == fields(other[key]), key
        assert other[key].strip() and english[key].strip()


def test_no_key_is_also_one_of_the_phones():
    assert not set(texts.CATALOGUE["en"]) & set(phone.CATALOGUE["en"])


def test_every_key_that_a_template_asks_for_exists():
    asked = set(re.findall(r"\bt\('([\w.-]+)'[,)]", SOURCE))
    assert asked and not asked - set(texts.CATALOGUE["en"]) - set(phone.CATALOGUE["en"])


def test_every_key_that_is_put_together_exists():
    wanted = {f"nav.group.{group}" for group, _ in navigation.MENU}
    wanted |= {f"nav.{entry.key}" for _, entries in navigation.MENU for entry in entries}
    wanted |= {f"state.{state}" for state in rows.STATES} | {f"part.{part}" for part in progress.PARTS}
    keys = set(re.findall(r'(?:_problem|Problem)\(\s*"([\w-]+)"', SOURCE))
    assert len(keys) == len(DIAGNOSES)
    wanted |= {f"problem.{key}" for key in keys} | {f"problem.{key}.what" for key in keys}
    wanted |= {f"import.stage.{stage}" for stage in (*STAGES, REJECTS)}
    wanted |= {f"list.{change}{end}" for change in ("stop", "resume", "close") for end in ("", ".ask", ".what", ".done")}
    assert not wanted - set(texts.CATALOGUE["en"])


def test_everything_in_the_audit_log_has_words_and_no_words_are_for_nothing():
    wanted = {f"audit.{action}" for action in get_args(audit.Action)}
    wanted |= {f"audit.detail.{key}" for key in audit.Detail.__annotations__} | {f"audit.who.{who}" for who in audit.PROGRAMS}
    wanted |= {f"audit.target.{kind}" for kind in audit.TRIED}
    wanted |= set(re.findall(r"\bt\('(audit\.[\w-]+)'\)", SOURCE)) | set(re.findall(r'say\(language, "(audit\.[\w.-]+)"', SOURCE))
    for language, catalogue in texts.CATALOGUE.items():
        assert {key for key in catalogue if key.startswith("audit.")} == wanted, language


def test_the_audit_log_is_written_where_its_words_are_known():
    """By `audit.note`, whose arguments mypy holds against Action and Detail; a try to sign in is counted there as well."""
    writers = {path.relative_to(FIRMWARE).as_posix() for path in FIRMWARE.rglob("*.py")
               if re.search(r"\bAudit\(\w+=", path.read_text(encoding="utf-8"))}
    assert writers == {"manager/audit.py", "manager/web/throttle.py"}


def test_every_part_that_a_phone_may_call_broken_has_words():
    parts = set()
    for path in FIRMWARE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        parts |= set(re.findall(r'FaultChanged\("([^"]+)"', source)) | set(re.findall(r'faults\["([^"]+)"\]', source))
        if "FaultChanged" in source or "aults.tell(PART" in source:
            parts |= set(re.findall(r'^PART = "([^"]+)"', source, re.MULTILINE))
    assert {"display", "store"} <= parts
    for language, catalogue in texts.CATALOGUE.items():
        assert {key.removeprefix("phone-part.") for key in catalogue if key.startswith("phone-part.")} == parts, language


def test_every_key_is_used():
    made = ("nav.", "state.", "part.", "problem.", "list.", "audit.", "field.", "remark.", "import.by.", "import.zone.",
            "import.stage.", "phone-part.", "import.rows", "import.accepted", "import.rejected", "role.", "tile.",
            "dnc.source.", "download.table.")
    english = set(texts.CATALOGUE["en"])
    unused = {key for key in english if key.removesuffix(".one") not in SOURCE and not key.startswith(made)
              and not key.endswith(".done")}
    assert not unused


@pytest.mark.parametrize(("accepted", "language"), [
    ("", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,en;q=0.5", "en"), ("fr", "en"), ("en;q=0.1,zh;q=0.9", "zh"),
    ("zh;q=0,en", "en"), (";;;q=x,,", "en"), ("*", "en"),
])
def test_the_browser_says_which_language(accepted, language):
    assert texts.choose(accepted) == language


def test_one_is_said_as_one():
    assert texts.say("en", "problem.silent", count=1) == "One phone is silent"
    assert texts.say("en", "problem.silent", count=3) == "3 phones are silent"
    assert texts.say("zh", "pause.lunch") == phone.say("zh", "pause.lunch")
    assert texts.say("en", "Own {words} of a list", count=1) == "Own {words} of a list"
