# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages, one module each."""

from callsheet.manager.web.pages import (
    account,
    agents,
    audit,
    do_not_call,
    door,
    downloads,
    imports,
    lists,
    problems,
    search,
    urgent,
    users,
    work,
)

ROUTERS = tuple(
    one.router for one in (door, account, agents, problems, lists, work, urgent, imports, search, do_not_call, downloads, users, audit)
)
