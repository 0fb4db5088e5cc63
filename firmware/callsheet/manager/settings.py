# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's settings file, `manager.toml`: every setting, its type, default and unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, field

from callsheet.core.model import Seconds
from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid, check_each
from callsheet.formats.header import check_web_link
from callsheet.formats.moments import zone
from callsheet.formats.sections import Section, read_sections
from callsheet.formats.typed import typed
from callsheet.manager.countries import check_country

FILE_NAME = "manager.toml"
MEBIBYTE = 1024 * 1024


class DatabaseSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[database]: where everything is kept."""

    url: str = "sqlite:///callsheet.db"
    """sqlite:///FILE, relative to the folder of the settings file, or postgresql+psycopg://USER@HOST/NAME. The
    password of PostgreSQL may stand in it, but is better off in libpq's own ~/.pgpass."""
    pool: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Connections that one process holds at most."""


class ImportSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[import]: how rows of a file become calls."""

    country: str = ""
    """ISO 3166 code ("DE") of numbers written without "+"; empty: they are taken only as extensions."""
    zone: str = ""
    """Time zone of callees whose number and row do not tell; empty: unknown."""
    recent_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """A number called within so many days, in whatever list, is refused; 0: it is not looked at."""
    max_bytes: Annotated[int, Meta(ge=1024)] = 128 * MEBIBYTE
    """Of a file to be imported."""
    max_rows: Annotated[int, Meta(ge=1, le=1_000_000)] = 200_000


class ServeSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[serve]: the server for phones and browsers."""

    listen: str = "127.0.0.1:8470"
    url: str = ""
    """Where phones and browsers reach it from outside, such as https://calls.example.com; empty: as it listens."""
    certificate: str = ""
    """File with the certificate and its chain (PEM); empty: no TLS."""
    key: str = ""
    """File with the certificate's private key (PEM)."""
    proxies: tuple[str, ...] = ()
    """Addresses of load balancers whose X-Forwarded-… headers are believed."""
    max_upload: Annotated[int, Meta(ge=1024)] = 16 * MEBIBYTE
    """Bytes of one file from a phone."""
    session_hours: Annotated[float, Meta(gt=0)] = 12.0
    """How long a browser stays signed in."""


class LeaseSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[leases]: how long a phone may dial without being heard of."""

    seconds: Annotated[float, Meta(ge=30)] = 600.0
    renew: Annotated[float, Meta(ge=1)] = 60.0
    """Seconds after which a phone asks again."""


class RetentionSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[retention]: how long personal data is kept."""

    days: Annotated[int, Meta(ge=0, le=36500)] = 180
    """After a list is closed, its names, numbers and notes are erased; 0: never."""
    deliveries_days: Annotated[int, Meta(ge=1, le=36500)] = 30
    """The phones' files themselves; what was in them stays in the tables."""
    audit_days: Annotated[int, Meta(ge=1, le=36500)] = 730


class FolderSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[folder]: a folder that another file server serves to the phones."""

    path: str = ""
    """Relative to the settings file; empty: the manager's own server is the only one."""
    url: str = ""
    """Under which phones reach it, for the links that are shown; any protocol a phone knows."""
    poll: Seconds = 10.0
    """Seconds between looks for files from phones."""


class ManagerSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    database: DatabaseSettings = DatabaseSettings()
    imports: ImportSettings = field(default=ImportSettings(), name="import")
    numbers: NumberSettings = NumberSettings()
    """The same section as in the phones' settings."""
    serve: ServeSettings = ServeSettings()
    leases: LeaseSettings = LeaseSettings()
    retention: RetentionSettings = RetentionSettings()
    folder: FolderSettings = FolderSettings()


def read_manager_settings(data: bytes, name: str = "") -> ManagerSettings:
    """The settings in a TOML file called `name`.

    Raises FormatError with line, column and the nearest known setting.
    """
    return read_sections(data, name, _made)


def _made(objects: dict[str, Any]) -> ManagerSettings:
    settings = typed(objects, ManagerSettings)
    _check(settings)
    return settings


def load_manager_settings(folder: Path) -> ManagerSettings:
    """The settings of the manager in this folder; raises OSError or FormatError."""
    path = folder / FILE_NAME
    return read_manager_settings(path.read_bytes(), str(path))


def _check(settings: ManagerSettings) -> None:
    imports, serve, leases = settings.imports, settings.serve, settings.leases
    checks: tuple[tuple[tuple[str, str], Callable[[], object]], ...] = (
        (("database", "url"), lambda: check_database_url(settings.database.url)),
        (("import", "country"), lambda: imports.country and check_country(imports.country)),
        (("import", "zone"), lambda: imports.zone and zone(imports.zone)),
        (("serve", "listen"), lambda: _check_listen(serve.listen)),
        (("serve", "url"), lambda: check_web_link(serve.url)),
        (("serve", "key"), lambda: _check_pair(serve)),
        (("leases", "renew"), lambda: _check_renewal(leases)),
    )
    check_each(checks)


def check_database_url(url: str) -> None:
    """Raises Invalid unless it is a URL of an engine that is supported."""
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise Invalid("not the URL of a database that is known here",
                      remedy='write "sqlite:///callsheet.db" or "postgresql+psycopg://user@host/name"')


def _check_listen(text: str) -> None:
    """Raises Invalid unless it is host:port or [IPv6]:port."""
    try:
        parts = urlsplit(f"//{text}")
        good = parts.hostname and parts.port is not None and parts.netloc == text and "@" not in text
    except ValueError:
        good = False
    if not good:
        raise Invalid("not an address with a port", remedy='write "127.0.0.1:8470", "0.0.0.0:8470" or "[::]:8470"')


def _check_pair(serve: ServeSettings) -> None:
    if bool(serve.certificate) != bool(serve.key):
        raise Invalid("certificate and key belong together", remedy="set both, or neither")


def _check_renewal(leases: LeaseSettings) -> None:
    if leases.renew * 2 > leases.seconds:
        raise Invalid("one lost request would end the lease", remedy="make it at most half of leases.seconds")
