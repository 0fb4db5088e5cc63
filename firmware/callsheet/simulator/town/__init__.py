# SPDX-License-Identifier: GPL-3.0-or-later
"""A town to call: callees on SIP and RTP, with their own habits, on one machine.

It is written from the RFCs alone and shares no code with the phone's SIP stack, so
that it can disagree with it.
"""

from callsheet.simulator.town.behaviours import Behaviour, Step, TownConfig
from callsheet.simulator.town.config import TownConfigError, demo_path, load_config, parse_config
from callsheet.simulator.town.log import CallRecord, RtpReport, Totals
from callsheet.simulator.town.server import Town
from callsheet.simulator.town.threaded import TownServer

__all__ = [
    "Behaviour",
    "CallRecord",
    "RtpReport",
    "Step",
    "Totals",
    "Town",
    "TownConfig",
    "TownConfigError",
    "TownServer",
    "demo_path",
    "load_config",
    "parse_config",
]
