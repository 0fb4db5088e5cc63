# SPDX-License-Identifier: GPL-3.0-or-later
"""REFER, and the NOTIFYs that tell how the transferred call went (RFC 3515, RFC 6665)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callsheet.simulator.town.message import Request
from callsheet.simulator.town.phrases import PHRASES
from callsheet.simulator.town.transaction import ServerTransaction
from callsheet.simulator.town.uri import MessageError, NameAddr

if TYPE_CHECKING:
    from callsheet.simulator.town.leg import Leg

CALL_SECONDS = 0.3
"""How long the callee takes to reach the one he is sent to."""


def transfer(leg: Leg, request: Request, transaction: ServerTransaction) -> None:
    """Answer REFER as the behaviour says; a callee who accepts reports 100 and then the result."""
    targets = request.headers.all("Refer-To")
    try:
        if len(targets) != 1:
            raise MessageError("expected exactly one Refer-To")
        target = NameAddr.parse(targets[0]).target
    except MessageError as error:
        transaction.respond(request.reply(400, str(error)[:60]))
        return
    status = leg.behaviour.refer
    leg.note("refer", to=target.user, status=status, attended="Replaces=" in targets[0])
    response = leg.ok(request)
    response.status, response.phrase = status, PHRASES.get(status, "Unknown")
    silent = request.headers.get("Refer-Sub").strip().lower() == "false"
    if silent:
        response.headers.add("Refer-Sub", "false")
    transaction.respond(response)
    if status >= 300:
        return
    leg.record.transferred_to = target.user
    if not silent:
        _notify(leg, 100, "active;expires=60")
        # Not a timer of the leg: the phone may hang up on 202, and still be owed the result.
        leg.context.layer.later(
            CALL_SECONDS, _notify, leg, leg.behaviour.refer_result, "terminated;reason=noresource"
        )


def _notify(leg: Leg, status: int, state: str) -> None:
    if leg.vanished:
        return
    fragment = f"SIP/2.0 {status} {PHRASES.get(status, 'Unknown')}\r\n".encode()
    leg.send("NOTIFY", fragment, "message/sipfrag;version=2.0", Event="refer", Subscription_State=state)
