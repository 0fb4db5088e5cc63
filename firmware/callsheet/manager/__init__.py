# SPDX-License-Identifier: GPL-3.0-or-later
"""The management end: from a spreadsheet to call sheets, and from results to a report."""
