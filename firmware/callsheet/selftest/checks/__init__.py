# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks, in the order in which a technician meets the parts."""

from collections.abc import Callable

from callsheet.selftest.bench import Bench
from callsheet.selftest.checks import (
    buttons,
    clock,
    display,
    hook,
    keys,
    lamps,
    network,
    sheet,
    sip,
    sound,
    storage,
)
from callsheet.selftest.verdict import Verdict

CHECKS: dict[str, Callable[[Bench], Verdict]] = {
    "lamps": lamps.check, "display": display.check, "keys": keys.check, "hook": hook.check, "sound": sound.check,
    "buttons": buttons.check, "network": network.check, "clock": clock.check, "storage": storage.check,
    "sheet": sheet.check, "sip": sip.check,
}
