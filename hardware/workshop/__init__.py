# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads hardware/board.yaml, judges it, and makes everything that follows from it (scripts/make-hardware)."""
