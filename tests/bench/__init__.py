# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast, how large: what scripts/bench runs. Nothing here passes or fails by a time."""
