# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a town, a file server and a phone on one machine, with real SIP calls between them."""
