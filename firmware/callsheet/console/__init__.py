# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin's console over a serial line: log in, look, change settings, try them, apply them.

It is a program of its own beside the phone (`callsheet console`), so that it works
also while the phone does not. What it asks of the phone goes over `adapters.control`.
"""
