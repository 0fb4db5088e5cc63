# SPDX-License-Identifier: GPL-3.0-or-later
"""manager.toml: what is taken, what is refused, and where the fault is said to be."""

from __future__ import annotations

import pytest

from callsheet.formats.errors import FormatError
from callsheet.manager.settings import ManagerSettings, read_manager_settings

GOOD = """\
[database]
url = "postgresql+psycopg://callsheet:geheim@db/calls"
[import]
country = "cn"
zone = "Asia/Shanghai"
recent_days = 30
[numbers]
allow_short = true
extension_prefixes = ["2"]
[serve]
listen = "[::]:8470"
url = "https://calls.example.com"
certificate = "a.pem"
key = "b.pem"
[leases]
seconds = 300
renew = 60
[retention]
days = 0
"""


def test_a_whole_file() -> None:
    settings = read_manager_settings(GOOD.encode())
    assert settings.imports.country == "cn" and settings.numbers.extension_prefixes == ("2",)
    assert settings.leases.seconds == 300 and settings.retention.days == 0


def test_an_empty_file_is_the_defaults() -> None:
    assert read_manager_settings(b"") == ManagerSettings()


def test_a_password_is_not_shown() -> None:
    assert "geheim" not in repr(read_manager_settings(GOOD.encode()))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[database]\nurl = "mysql://x"', 2, "postgresql\\+psycopg"),
        ('[import]\ncountry = "XX"', 2, "unknown country"),
        ('[import]\nzone = "Europe/Berln"', 2, "Europe/Berlin"),
        ("[imports]\n", 1, 'did you mean "import"'),
        ("[import]\ncontry = \"DE\"", 2, 'did you mean "country"'),
        ('[serve]\nlisten = "8470"', 2, "address with a port"),
        ('[serve]\nlisten = "a:99999"', 2, "address with a port"),
        ('[serve]\nlisten = "a:1/x"', 2, "address with a port"),
        ('[serve]\nurl = "ftp://a"', 2, "http"),
        ('[serve]\n\nkey = "k.pem"', 3, "belong together"),
        ("[leases]\nseconds = 60\nrenew = 50", 3, "half of"),
        ("[retention]\ndays = -1", 2, "days"),
        ("[database]\nurl = 3", 2, "expected text"),
        ("[database\n", 1, "TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, line: int, said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        read_manager_settings(text.encode(), "manager.toml")
    assert caught.value.line == line and str(caught.value).startswith("manager.toml: ")
