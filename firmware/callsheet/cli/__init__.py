# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `callsheet`: arguments in, text or JSON out; all judgement is in `core` and `formats`."""
