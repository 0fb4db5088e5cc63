# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of an appliance: a signed bundle goes into the slot that is not running, is tried, and stays or is taken back.

`install` has RAUC do it and follows it; `trial` decides about the first start; `record`
is what both write down for console and display; `slots` is what U-Boot goes by.
"""
