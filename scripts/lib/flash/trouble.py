# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong."""


class Trouble(Exception):
    """It cannot be done; the text names what is wrong and the remedy."""
