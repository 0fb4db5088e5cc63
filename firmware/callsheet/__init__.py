# SPDX-License-Identifier: GPL-3.0-or-later
"""Callsheet: a desk phone that dials a call sheet, one real SIP call after another."""

# The one place that states the version: packaging reads it from here.
__version__ = "0.1.0"
