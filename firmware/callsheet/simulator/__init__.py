# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone without its parts: a handset in the browser, and callees to ring."""
