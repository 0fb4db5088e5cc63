# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's web page."""
