# SPDX-License-Identifier: GPL-3.0-or-later
"""From a manager's file to tasks: read, mapped, checked, taken in.

`source` reads any table, `columns` finds out what its columns are, `rows` makes
one task of one row or says what is wrong with it, `intake` compares with what is
known and stores. Nothing in a file is ever executed; formulas are read as the
values that the spreadsheet program computed last.
"""
