# SPDX-License-Identifier: GPL-3.0-or-later
"""What callees do by themselves in a call: hold, change codec, press keys, vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callsheet.simulator.town.behaviours import Step
from callsheet.simulator.town.message import Response
from callsheet.simulator.town.sdp import SdpError

if TYPE_CHECKING:
    from callsheet.simulator.town.leg import Leg

GLARE_WAIT = 1.0
"""Seconds before a re-INVITE refused with 491 is tried again; up to 2 for who does not own the Call-ID
(RFC 3261 §14.1)."""


def run_step(leg: Leg, step: Step) -> None:
    """Do one step of a behaviour's script."""
    leg.note("step", do=step.do)
    if step.do in ("hold", "unhold"):
        leg.audio.held = step.do == "hold"
        reinvite(leg)
    elif step.do == "codec":
        reinvite(leg, (step.codec,))
    elif step.do == "dtmf":
        leg.audio.open().press(step.digits)
    elif step.do == "say":
        leg.audio.open().play(step.sound, leg.hz)
    elif step.do == "vanish":
        leg.vanished = True
        leg.finish("answered", "callee")
    elif step.do == "bye":
        leg.hang_up()
    else:
        leg.send(step.do.upper())


def reinvite(leg: Leg, codecs: tuple[str, ...] = ()) -> None:
    """Offer anew, and follow the answer."""
    if leg.dialog is None or leg.over or leg.offering:
        return
    dialog = leg.dialog
    request = dialog.request("INVITE")
    request.headers.add("Content-Type", "application/sdp")
    request.body = leg.audio.offer(codecs)
    number = dialog.local_seq
    leg.offering = True
    leg.note("reinvite", by="callee", direction="sendonly" if leg.audio.held else "sendrecv")

    def heard(response: Response) -> None:
        if response.status < 200:
            return
        repeated, leg.offering = not leg.offering, False
        if response.status >= 300:
            leg.note("response", method="INVITE", status=response.status)
            if response.status == 491:
                leg.after(GLARE_WAIT, reinvite, leg, codecs)
            return
        dialog.acknowledge(number)
        if not repeated and not leg.over:
            dialog.retarget(response)
            _follow(leg, response)

    def timeout() -> None:
        leg.offering = False
        leg.note("timeout", method="INVITE")
        leg.hang_up("town")

    leg.context.layer.request(request, dialog.way(), heard, timeout)


def _follow(leg: Leg, response: Response) -> None:
    try:
        leg.audio.accept(response.body)
    except SdpError as error:
        leg.note("bad-answer", why=str(error))
        leg.hang_up("town")
        return
    agreed = leg.audio.agreed
    leg.note("reinvited", codec=agreed.codec if agreed else "", direction=agreed.direction if agreed else "")
