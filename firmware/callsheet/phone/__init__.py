# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: adapters around the core, and the loop that runs them."""

from callsheet.phone.loop import Phone
from callsheet.ports import Ports

__all__ = ["Phone", "Ports"]
