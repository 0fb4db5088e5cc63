# SPDX-License-Identifier: GPL-3.0-or-later
"""Real SIP peers on loopback: SIPp, Kamailio and baresip, started on free ports and ended by their process id."""
