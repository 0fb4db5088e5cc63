# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP, RTP and the agent's sound by pjsua2 (PJSIP)."""

from callsheet.adapters.sip.phone import PjSip

__all__ = ["PjSip"]
