# SPDX-License-Identifier: GPL-3.0-or-later
"""One working day from a spreadsheet to a report: `python -m tests.manager.day --rows 2000`."""
