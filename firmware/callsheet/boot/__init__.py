# SPDX-License-Identifier: GPL-3.0-or-later
"""The first seconds of an appliance: the display says what goes on, and two held keys mean a factory reset.

It starts long before the phone, without its settings and with few imports: no luma,
no Pillow. What it shows stays on the glass until the phone draws its own first frame.
"""
