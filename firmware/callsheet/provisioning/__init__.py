# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that reach a phone without anybody at its console: on the card's boot partition, or from a server."""
