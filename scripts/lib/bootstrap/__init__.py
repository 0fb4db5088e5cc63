# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts share: the environment, our own pjsua2, Debian's packages, test stages.

Standard library only: it runs before anything is installed.
"""
