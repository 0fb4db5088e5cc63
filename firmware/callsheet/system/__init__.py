# SPDX-License-Identifier: GPL-3.0-or-later
"""The one program of ours that runs as root: a few words, each checked, none of them a command line."""
