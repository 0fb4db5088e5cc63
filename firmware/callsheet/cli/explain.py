# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet explain: what a call's end means, and what the policy does with it."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from callsheet.cli.files import Unusable, load_settings, load_sheet
from callsheet.cli.output import Parser, print_json, print_table
from callsheet.core.model import Task
from callsheet.core.outcomes import CallEnd, explain
from callsheet.core.retry import Tally, decide, describe, duration, rule_for
from callsheet.formats.reason import parse_reason

TONES = ("sit", "busy", "congestion", "ring-back")


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "explain", help="what a SIP code means for a call, and what becomes of the task",
        description="What a call's end means (its outcome), and what the retry policy does with the task.",
    )
    parser.add_argument("code", type=_code, metavar="CODE", help="SIP status of the final response; 0: none came")
    parser.add_argument("--phrase", default="", help="its reason phrase")
    parser.add_argument("--reason", action="append", default=[], metavar="VALUE",
                        help="""Reason header, such as 'Q.850;cause=1;text="…"'; may be repeated""")
    parser.add_argument("--cancelled", choices=("ring-timeout", "agent"), default="",
                        help="we had sent CANCEL: after our ring time-out, or because the agent wanted it")
    parser.add_argument("--local", action="store_true", help="made up on this side, not by the network")
    parser.add_argument("--retry-after", type=_seconds, metavar="SECONDS", help="Retry-After header")
    parser.add_argument("--tone", action="append", choices=TONES, default=[], help="heard in early media")
    parser.add_argument("--sheet", default="", metavar="FILE", help="take the policy of this sheet")
    parser.add_argument("--config", default="", metavar="FILE", help="take the policy of these settings")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda options: _run(options, parser))


def _code(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 3 and (int(text) == 0 or 200 <= int(text) <= 699):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not the status of a final response: write 200 to 699, or 0")


def _seconds(text: str) -> float:
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")


def _run(options: argparse.Namespace, parser: Parser) -> int:
    reasons = parse_reason(",".join(options.reason))
    if options.reason and not reasons:
        parser.error("""argument --reason: not a Reason header: write for example 'Q.850;cause=1'""")
    end = CallEnd(
        code=options.code, phrase=options.phrase, reasons=reasons, retry_after=options.retry_after,
        local=options.local, cancelled=options.cancelled, tones=tuple(options.tone),
    )
    try:
        answer = _answer(end, options)
    except Unusable as unusable:
        return unusable.status
    if options.json:
        print_json(answer)
    else:
        _print(answer)
    return 0


def _answer(end: CallEnd, options: argparse.Namespace) -> dict[str, Any]:
    sheet = load_sheet(options.sheet, options.json).sheet if options.sheet else None
    settings = load_settings(options.config, options.json).calls
    found = explain(end)
    rule, source = rule_for(found.outcome, sheet, settings)
    decision = decide(found.outcome, end, Task(id="any", number="0"), Tally(), sheet, settings, 0.0)
    return {
        "end": end,
        "outcome": found.outcome,
        "why": found.why,
        "row": found.row,
        "status": found.status,
        "cause": found.cause,
        "policy": {**msgspec.structs.asdict(rule), "source": source, "text": describe(rule)},
        "decision": {
            "action": decision.action, "after": decision.until, "counted": decision.counted,
            "final": decision.final, "because": decision.reason, "report": decision.report,
        },
    }


def _print(answer: dict[str, Any]) -> None:
    decision = answer["decision"]
    then = decision["action"]
    if decision["after"] is not None:
        then += f" after {duration(decision['after'])}"
    rows = [
        ("outcome", str(answer["outcome"])),
        ("why", answer["why"]),
        ("policy", f"{answer['policy']['text']} (from: {answer['policy']['source']})"),
        ("first time", f"{then} ({decision['because']})"),
    ]
    print_table("", ("", ""), rows)
