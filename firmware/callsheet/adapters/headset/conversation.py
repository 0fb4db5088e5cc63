# SPDX-License-Identifier: GPL-3.0-or-later
"""The telephony conversation with one headset: what we tell it, what it tells us, who acknowledges whom.

Pure: reports and time come in, reports and events go out.
"""

from __future__ import annotations

from typing import cast

from msgspec import Struct

from callsheet.adapters.headset.controls import Button, Controls, Light
from callsheet.adapters.headset.quirks import Quirk
from callsheet.core.events import HeadsetButton, HeadsetFailed, HeadsetReady

LIMIT = 4.5
"""Seconds a headset that is known to acknowledge may take. The core gives up after 5 s."""
SECOND = 1.0
"""Seconds to wait for a headset that should acknowledge, but has not since it was plugged in: the first request
failed and the agent was told; a model that never does must not keep anybody from working."""
REFUSE = 2.0
"""Seconds after which a hook button that led to nothing is answered by "on-hook", so that both agree again."""
MUTE_ECHO = 0.15
"""Seconds after our own change of the mute light in which a mute press is its echo: fingers are slower."""
DOUBLE = 0.02
"""Seconds in which a volume key's second report is the same press."""
TAP = 0.6
"""Seconds: a "state" that is over sooner was a button's press and release."""

Out = bytes | HeadsetButton | HeadsetReady | HeadsetFailed


class Host(Struct):
    """What the headset should show; outlives the device, so that another one can take over."""

    off_hook: bool = False
    ring: bool = False
    muted: bool = False


class _Waiting(Struct):
    id: int
    until: float
    must: bool


class Conversation:
    """With one device. Every method returns what is to be sent and posted, in that order."""

    def __init__(self, controls: Controls, quirk: Quirk, host: Host) -> None:
        self._controls = controls
        self._quirk = quirk
        self._host = host
        self._shown: dict[Light, bool] = {}
        self._down: dict[Button, bool] = {}
        self._since: dict[Button, float] = {}
        self._waiting: _Waiting | None = None
        self._answers: bool | None = None
        self._lifted_at = 0.0
        self._lifted_by_hand = False
        self._refuse_at: float | None = None
        self._quiet_until = 0.0
        hook, mute = controls.kinds.get("hook"), controls.kinds.get("mute")
        self._hook_keeps = hook is not None and hook.keeps_state
        self._mute_keeps = mute is not None and mute.keeps_state

    def begin(self, now: float) -> list[Out]:
        """The device is new: whatever its lights show, they show what holds now."""
        self._shown = {}
        self._lifted_at = now
        return self._show()

    def off_hook(self, id: int, now: float) -> list[Out]:
        """Open the link; answered by HeadsetReady or HeadsetFailed."""
        out = self._give_up("overtaken by a new request")
        self._host.off_hook, self._host.ring = True, False
        self._refuse_at = None
        self._lifted_at = now
        out += self._show()
        wait, must = self._patience()
        if self._down.get("hook") or not wait:
            return [*out, HeadsetReady(id)]
        self._waiting = _Waiting(id, now + wait, must)
        return out

    def on_hook(self, now: float) -> list[Out]:
        """Close it."""
        self._host.off_hook = False
        self._refuse_at = None
        return self._give_up("closed again") + self._show()

    def mute(self, on: bool, now: float) -> list[Out]:
        """Show that the microphone is off."""
        if on == self._host.muted:
            return []
        self._host.muted = on
        self._quiet_until = now + MUTE_ECHO
        return self._show()

    def ring(self, on: bool, now: float) -> list[Out]:
        """Show that a call comes in."""
        self._host.ring = on
        return self._show()

    def end(self) -> list[Out]:
        """All lights off, the busy light among them."""
        out = self._give_up("closed")
        self._host.off_hook = self._host.ring = self._host.muted = False
        return out + self._show()

    def lost(self) -> list[Out]:
        """It was pulled out."""
        return self._give_up("pulled out")

    def report(self, data: bytes, now: float) -> list[Out]:
        """What the device sent."""
        out: list[Out] = []
        for button, down in self._controls.pressed(data).items():
            if down != self._down.get(button, False):
                self._down[button] = down
                out += self._changed(button, down, now)
                self._since[button] = now
        return out

    def tick(self, now: float) -> list[Out]:
        """What is due."""
        out: list[Out] = []
        waiting = self._waiting
        if waiting is not None and now >= waiting.until:
            self._waiting = None
            self._answers = False if self._answers is None else self._answers
            if waiting.must:
                out += [*self.on_hook(now), HeadsetFailed(waiting.id, "no answer from the headset")]
            else:
                out.append(HeadsetReady(waiting.id))
        if self._refuse_at is not None and now >= self._refuse_at:
            self._refuse_at = None
            # Sent although nothing changes: it is the answer to the button.
            self._shown.pop("off-hook", None)
            out += self._show()
        return out

    def deadline(self) -> float | None:
        """When `tick` is due."""
        times = [self._refuse_at, self._waiting.until if self._waiting else None]
        return min((t for t in times if t is not None), default=None)

    def _patience(self) -> tuple[float, bool]:
        """How long to wait for the hook switch, and whether it must come."""
        if "hook" not in self._controls.kinds or "off-hook" not in self._controls.lights:
            return 0.0, False
        if self._quirk.must and self._answers is not False:
            return self._quirk.wait, True
        if self._answers is None:
            return self._quirk.wait, False
        if self._answers:
            return LIMIT, True
        return (SECOND if self._quirk.must else 0.0), False

    def _changed(self, button: Button, down: bool, now: float) -> list[Out]:
        match button:
            case "hook":
                return self._hook(down, now)
            case "mute":
                return self._mute(down, now)
            case "drop" if down and self._host.off_hook:
                return [HeadsetButton("hook")]
            case "volume-up" | "volume-down" if down and now - self._since.get(button, -1.0) >= DOUBLE:
                return [HeadsetButton(button)]
        return []

    def _hook(self, down: bool, now: float) -> list[Out]:
        if self._waiting is not None and down:
            self._lifted_by_hand = False
            waiting, self._waiting = self._waiting, None
            self._answers = True
            return [HeadsetReady(waiting.id)]
        if not self._host.off_hook:
            if not down:
                self._refuse_at = None
                return []
            self._refuse_at = now + REFUSE
            self._lifted_by_hand = True
            return [HeadsetButton("hook")]
        if self._hook_keeps and not down and self._lifted_by_hand and now - self._since["hook"] < TAP:
            # Released so soon: a button that springs back, whatever it declares.
            self._hook_keeps = False
            return []
        if not self._hook_keeps:
            return [HeadsetButton("hook")] if down else []
        if not down:
            return [HeadsetButton("hook")]
        if now - self._lifted_at <= LIMIT:
            self._answers = True
            return []
        # It never followed the light, and moves now: it springs back too.
        self._hook_keeps = False
        return [HeadsetButton("hook")]

    def _mute(self, down: bool, now: float) -> list[Out]:
        if not self._host.off_hook:
            return []
        if self._mute_keeps and not down and now - self._since.get("mute", 0.0) < TAP:
            self._mute_keeps = False
            return []
        if self._mute_keeps:
            return [HeadsetButton("mute")] if down != self._host.muted else []
        if not down or now < self._quiet_until:
            return []
        return [HeadsetButton("mute")]

    def _show(self) -> list[Out]:
        host = self._host
        muted = host.muted and host.off_hook
        quirk = self._quirk.mute_light
        only = "microphone" if "mute" not in self._controls.lights else "mute"
        lit: dict[Light, bool] = {
            "off-hook": host.off_hook, "ring": host.ring, "ringer": host.ring,
            "mute": muted and (quirk != "microphone" and only == "mute"),
            "microphone": muted and (quirk != "mute" or only == "microphone"),
        }
        changed = {light for light, on in lit.items() if self._shown.get(light) != on}
        self._shown = lit
        return cast(list[Out], self._controls.reports(lit, changed))

    def _give_up(self, reason: str) -> list[Out]:
        waiting, self._waiting = self._waiting, None
        return [HeadsetFailed(waiting.id, reason)] if waiting is not None else []
