# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's scripts are those that were looked at, and nothing of ours asks another host."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import callsheet.manager.web

WEB = Path(callsheet.manager.web.__file__).parent
VENDOR = WEB / "static" / "vendor"
ROW = re.compile(r"\| `([^`]+)` \| ([\w.-]+) \| ([\d.]+) \| ([^|]+) \| `([0-9a-f]{64})` \|")


def test_every_vendored_script_is_the_one_recorded():
    rows = ROW.findall((VENDOR / "README.md").read_text(encoding="utf-8"))
    assert {name for name, *_ in rows} == {path.name for path in VENDOR.glob("*.js")}
    for name, package, version, licence, sha256 in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == sha256, name
        text = re.search(r"`([^`]+)`", licence)[1]
        assert (VENDOR / text).read_text(encoding="utf-8").strip(), (package, version)


def test_nothing_of_ours_names_another_host():
    ours = [path for path in (*WEB.rglob("*.html"), *(WEB / "static").glob("*.*")) if path.is_file()]
    assert ours
    for path in ours:
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8"))
        assert [url for url in found if "www.w3.org/2000/svg" not in url and "/" + url.rsplit("/", 1)[-1] != url] in (
            [], ["http://www.w3.org"]), path


def test_no_template_has_a_script_or_style_that_the_policy_would_refuse():
    for path in WEB.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on|<script(?![^>]*\ssrc=)", text), path
        assert not re.search(r"\|\s*safe\b|autoescape false", text), path
