# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m callsheet."""

import sys

from callsheet.cli.main import main

sys.exit(main())
