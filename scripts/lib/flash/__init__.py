# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the image to an SD card: find the card, write, read back, put the phone's settings on it. Standard library only."""
