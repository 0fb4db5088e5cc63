# SPDX-License-Identifier: GPL-3.0-or-later
"""每项设置的说明。"""

SETTINGS: dict[str, str] = {}
