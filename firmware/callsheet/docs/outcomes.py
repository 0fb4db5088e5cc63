# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call's end means, and what becomes of the task."""

from __future__ import annotations

from callsheet.core.outcomes import TABLE, Row
from callsheet.core.retry import DEFAULTS, describe
from callsheet.core.texts import say


def page() -> str:
    """The whole page."""
    rows = [_row(row) for row in TABLE]
    policies = [f"| {outcome.value} | {say('en', f'outcome.{outcome.value}')} | {describe(rule)} |"
                for outcome, rule in DEFAULTS.items()]
    return "\n".join([
        "# What a call's end means", "",
        "For admins and managers. Made from the phone's own tables (`python -m callsheet.docs`). `callsheet explain CODE`",
        "answers for one case, with the settings and the sheet of a phone.", "",
        "The first row that fits decides. Q.850 causes come from the `Reason` header (RFC 3326, RFC 6432).", "",
        "| what comes | SIP status | Q.850 cause | outcome | why |", "| --- | --- | --- | --- | --- |", *rows, "",
        "## What becomes of the task", "",
        "The built-in policy; a sheet, or the phone's settings, may name another for each outcome.", "",
        "| outcome | on the display | policy |", "| --- | --- | --- |", *policies, "",
    ])


def _row(row: Row) -> str:
    codes = ", ".join(str(code) for code in sorted(row.codes)) or "any"
    causes = ", ".join(str(cause) for cause in sorted(row.causes)) or "–"
    return f"| {_plain(row.signal)} | {codes} | {causes} | {row.outcome.value} | {_plain(row.why)} |"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")
