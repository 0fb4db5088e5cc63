# SPDX-License-Identifier: GPL-3.0-or-later
"""Update bundles, the keys they are signed with, and the list that Raspberry Pi Imager reads."""
