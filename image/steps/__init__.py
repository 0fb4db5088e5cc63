# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps from Debian's packages and the checkout to what runs on the phone; each keeps its result in the cache."""
