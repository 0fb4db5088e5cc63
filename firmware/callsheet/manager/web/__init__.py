# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's web page: what agents do now, what became of the calls, and everything a manager may change.

`app(database, settings)` makes it; the server of the phones has it beside its own paths.
"""

from callsheet.manager.web.app import app

__all__ = ["app"]
