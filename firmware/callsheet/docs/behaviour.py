# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's page: state × keys × lamps × sound."""

from __future__ import annotations

from callsheet.core.behaviour import TABLE, Behaviour, Binding, Mode, Pattern
from callsheet.core.texts import say

_ABOUT = {
    Mode.OFF: "Nobody is signed in. Only emergency numbers can be dialled.",
    Mode.AGENT: "The agent number is typed in.",
    Mode.PIN: "The PIN is typed in.",
    Mode.SIGNING_IN: "The sheet is being fetched.",
    Mode.WAITING: "Ready, but nobody may be called now; the display says whom, when, and why not yet.",
    Mode.FINISHED: "Every task of the sheet has its outcome.",
    Mode.PREVIEW: "The next callee is shown and waits for the key.",
    Mode.COUNTDOWN: "The next callee is shown and will be dialled when the time is over.",
    Mode.PLACING: "The headset opens, the INVITE leaves.",
    Mode.RINGING: "It rings at the callee.",
    Mode.EARLY_MEDIA: "The network plays a tone or an announcement.",
    Mode.TALKING: "The call is up; digits are sent as tones.",
    Mode.HELD: "You have put the callee on hold.",
    Mode.ENDING: "The far end confirms the end; six seconds at most.",
    Mode.WRAP_UP: "The call is over; one digit says how it went. The next callee comes by itself.",
    Mode.UNKNOWN: "The power failed in this call. It is not dialled again without your word.",
    Mode.PAUSED: "Nothing is dialled until you are ready.",
    Mode.INCOMING: "Somebody calls you.",
    Mode.CALL_WAITING: "Somebody calls while you are in a call; answering puts the first on hold.",
    Mode.DIALPAD: "A number dialled by hand, outside the sheet.",
    Mode.TRANSFER: "The number to which the callee is passed on.",
    Mode.MENU: "Whatever else can be done now.",
    Mode.PAUSE: "The reason for the pause.",
    Mode.LATER: "When to call instead.",
    Mode.CLOCK: "A time of day on your own clock.",
    Mode.NOTE: "A note; each key gives its letters in turn.",
    Mode.CORRECT: "Another outcome for the last call.",
    Mode.UPCOMING: "The next callees, and what they wait for.",
    Mode.TAKEN: "You are signed in on another phone, which may dial your sheet; nothing is dialled here.",
    Mode.ASKED: "The other phone has been asked to hand over; it does so after its call.",
    Mode.FORCE: "It does not answer. Take over only if it is switched off: else two phones may ring one callee.",
    Mode.SIGNING_OUT: "What is unfinished is handed back.",
}
_WORDS = {"off": "off", "on": "on", "slow": "slow blink", "fast": "fast blink"}


def page() -> str:
    """The whole page."""
    rows = [_row(at, row) for at, row in TABLE.items()]
    return "\n".join([
        "# What keys, lamps and sounds mean", "",
        "For agents. Made from the phone's own table (`python -m callsheet.docs`).", "",
        "Keys with letters exist on the 4×4 keypad only; on a 3×4 keypad the menu (`*`, in a call `*` held down) lists",
        "the same actions. “held” is a long press. Lifting the handset and the headset's button do what the column",
        "*hook* says. The menu is moved through with `2` and `8`.", "",
        "**Lamps.** Green *line*, amber *work*, red *attention*. Slow blink: once a second; fast: five times. Amber blinks",
        "slowly in every state while you are paused. Red blinks slowly when your word is wanted or results cannot be",
        "sent, and fast when a fault stops the work: not registered, no headset, the store failing.", "",
        "**Buzzer.** Rings for a call that comes in while you are in none; warns in the last two seconds of a countdown",
        "while the handset lies on its hook.", "",
        "| state | what it is | keys | menu | hook | green | amber | sound |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |", *rows, "",
    ])


def _row(at: Mode, row: Behaviour) -> str:
    lamps: Pattern = row.lamps
    keys = "<br>".join(_key(b) for b in row.keys if b.caps)
    menu = ", ".join(_label(b) for b in row.keys if b.menu)
    hook = "; ".join(f"{way}: {say('en', f'key.{action.value}')}" for way, action in
                     (("lift", row.hook_off), ("put down", row.hook_on)) if action is not None)
    cells = (f"**{say('en', f'title.{at.value}')}** (`{at.value}`)", _ABOUT[at], keys, menu, hook,
             _WORDS[lamps.line], _WORDS[lamps.work], row.sound)
    return "| " + " | ".join(cell or "–" for cell in cells) + " |"


def _key(bound: Binding) -> str:
    caps = "0–9" if bound.caps.startswith("0123456789") else ""
    rest = bound.caps[10:] if caps else bound.caps
    keys = " ".join(f"`{cap}`" for cap in ([caps] if caps else []) + list(rest))
    return f"{keys}{' held' if bound.long else ''} {_label(bound)}"


def _label(bound: Binding) -> str:
    return say("en", f"key.{bound.action.value}")
