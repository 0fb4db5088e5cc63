# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated handset in a browser.

    with WebHandset(handset, "127.0.0.1:0") as web:
        print(web.url)
"""

from callsheet.simulator.web.server import WebHandset

__all__ = ["WebHandset"]
