# SPDX-License-Identifier: GPL-3.0-or-later
"""How lamps blink and the buzzer sounds: milliseconds on, off, on, off …, then again from the start."""

from __future__ import annotations

LAMP: dict[str, list[int]] = {"slow": [500, 500], "fast": [100, 100]}
BUZZER: dict[str, list[int]] = {"ring": [400, 200, 400, 2000], "warn": [80, 920]}
