# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on under a Python the project supports. Kept in the syntax of old Pythons."""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)


def supported(version: tuple) -> bool:
    """Tell whether a (major, minor, ...) version is one the project runs on."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def with_supported_python() -> None:
    """Replace this process by the same script under a supported Python, if this one is not."""
    if supported(sys.version_info):
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        # A version manager's shim is on PATH even when there is nothing behind it.
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found] + sys.argv)
    sys.exit(
        "Callsheet needs Python 3.11, 3.12 or 3.13; python3 here is %d.%d and no other is on PATH. "
        "On Debian 12 or 13: apt-get install python3 python3-venv" % sys.version_info[:2]
    )
