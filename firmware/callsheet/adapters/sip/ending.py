# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core is told of a call's end: what the network said, or that it said nothing."""

from __future__ import annotations

from callsheet.adapters.sip import headers
from callsheet.adapters.sip.call import Line
from callsheet.adapters.sip.facts import StateChanged
from callsheet.core.outcomes import CallEnd


def of_answered(line: Line, fact: StateChanged) -> CallEnd:
    """BYE of either side; or the stack's own, because media or a refresh failed."""
    far = headers.method(fact.message) == "BYE" and not line.ended_by
    detail = "" if far or line.ended_by else f"{fact.code} {fact.phrase}"
    return CallEnd(code=line.code, phrase=line.phrase, reasons=headers.read(fact.message).reasons if far else (),
                   by="far" if far else "near", tones=tuple(line.tones), detail=detail)


def of_unanswered(line: Line, fact: StateChanged) -> CallEnd:
    """A final response; or a time-out or broken transport, for which the stack makes one up."""
    response = headers.read(fact.message)
    ours = line.incoming or line.cancelling
    local = fact.source in ("time-out", "transport") or (fact.source == "own" and not ours)
    return CallEnd(
        code=response.code or fact.code, phrase=response.phrase if response.code else fact.phrase,
        reasons=response.reasons, retry_after=response.retry_after, local=local, tones=tuple(line.tones),
        detail=f"{fact.code} {fact.phrase} ({fact.source})" if local else "")
