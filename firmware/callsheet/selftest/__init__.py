# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test: one check per file in `checks`, run one after the other on a bench.

Without hands it also runs beside a working phone, and then believes what the phone
knows of its own parts, since their lines can be claimed only once.
"""
