# SPDX-License-Identifier: GPL-3.0-or-later
"""One package or file per real thing the phone is connected to. Adapters decide nothing; they implement `callsheet.ports`."""
