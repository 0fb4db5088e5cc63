# SPDX-License-Identifier: GPL-3.0-or-later
"""Links from DHCP: dhcpcd's hook writes each lease's options to a folder, `LeaseWatcher` reads them.

`dhcpcd/` has what goes into the image: the hook and the lines for dhcpcd.conf.
"""

from callsheet.adapters.dhcp.watcher import HOOK, OPTIONS, LeaseWatcher

__all__ = ["HOOK", "OPTIONS", "LeaseWatcher"]
