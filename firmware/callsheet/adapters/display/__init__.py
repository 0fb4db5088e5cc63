# SPDX-License-Identifier: GPL-3.0-or-later
"""The monochrome screen: from `core.screen.Screen` to pixels, lamps to levels, pixels to pages."""
