# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that phones fetch sheets from, put results on, and ask for leases."""
