# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of the work: every row with its outcome and history, sums by list, agent and day, as files.

The sums are made from the rows and the calls in different ways and compared: a
report that does not add up is not given out.
"""

from callsheet.manager.report.check import Mismatch, check
from callsheet.manager.report.facts import Facts, Scope, gather
from callsheet.manager.report.files import write
from callsheet.manager.report.sums import Report, summed

__all__ = ["Facts", "Mismatch", "Report", "Scope", "check", "gather", "summed", "write"]
