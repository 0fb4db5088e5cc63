# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet hostkey: which keys of SSH servers the phone accepts. Nothing is accepted that nobody has compared."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from callsheet.cli.files import Unusable, load_settings
from callsheet.cli.output import Parser, print_json, print_table
from callsheet.formats.settings import Settings

SSH_PORT = 22
_COMPARE = "compare it with the server's own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, there"


class Server(NamedTuple):
    """Of SSH."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == SSH_PORT else f"{host}:{self.port}"


def register(commands: Any) -> None:
    """Add the command to the parser."""
    hostkey: Parser = commands.add_parser(
        "hostkey", help="accept the key of an sftp or scp server",
        description="Keys of SSH servers (sftp, scp) that the phone accepts. It talks to no server with another key.",
    )
    kinds = hostkey.add_subparsers(dest="what", metavar="COMMAND", required=True, parser_class=Parser)
    for name, what, run in (
        ("list", "show the accepted keys, and which of the settings' servers have none", _list),
        ("accept", "show a server's key, and accept it in place of any other", _accept),
        ("remove", "accept no key of a server any more", _remove),
    ):
        parser: Parser = kinds.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        parser.add_argument("--config", required=True, metavar="FILE", help="the phone's settings (TOML)")
        if name != "list":
            parser.add_argument("server", nargs="?" if name == "accept" else None, type=_server, metavar="SERVER",
                                help="host, host:port, or a link; accept: the one in the settings' links")
        if name == "accept":
            parser.add_argument("--fingerprint", default="", metavar="SHA256:…",
                                help="accept without asking if the server shows exactly this key")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(run=lambda options, run=run, parser=parser: _guarded(run, options, parser))


def _guarded(run: Any, options: argparse.Namespace, parser: Parser) -> int:
    from callsheet.adapters.transport.client import TransferError  # with paramiko, which is slow to import

    try:
        return int(run(options, load_settings(options.config, options.json), parser))
    except Unusable as unusable:
        return unusable.status
    except TransferError as error:
        return _failed(str(error), options)


def _failed(reason: str, options: argparse.Namespace) -> int:
    if options.json:
        print_json({"accepted": False, "error": {"reason": reason}})
    print(f"callsheet hostkey: {reason}", file=sys.stderr)
    return 1


def _keys(options: argparse.Namespace, settings: Settings) -> Any:
    from callsheet.adapters.transport.hostkeys import HostKeys
    from callsheet.adapters.transport.transport import HOST_KEYS

    data = Path(options.config).resolve().parent / settings.data.directory
    return HostKeys(settings.sheet.host_keys or str(data / HOST_KEYS))


def _server(text: str) -> Server:
    """Raises ArgumentTypeError."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        server = Server((parts.hostname or "").lower(), parts.port or SSH_PORT)
    except ValueError:
        server = Server("", 0)
    if not server.host or any(sign in server.host for sign in " {}*?,|"):
        raise argparse.ArgumentTypeError(f'{text!r} names no server: write "files.example.com" or "192.0.2.1:2222"')
    return server


def _of_settings(settings: Settings) -> tuple[Server, ...]:
    """Those that the links in the settings go to."""
    links = [link for link in (settings.sheet.url, settings.sheet.upload) if urlsplit(link).scheme in ("sftp", "scp")]
    return tuple(dict.fromkeys(_server(link) for link in links))


def _list(options: argparse.Namespace, settings: Settings, parser: Parser) -> int:
    keys = _keys(options, settings)
    rows = [(name, key.type, key.fingerprint) for name, key in keys.all()]
    missing = [server for server in _of_settings(settings) if not keys.known(server.host, server.port)]
    if options.json:
        print_json({"accepted": [dict(zip(("server", "type", "fingerprint"), row, strict=True)) for row in rows],
                    "missing": [str(server) for server in missing]})
        return 0
    print_table("", ("server", "type", "fingerprint"), [*rows, *((str(server), "", "not accepted") for server in missing)])
    return 0


def _accept(options: argparse.Namespace, settings: Settings, parser: Parser) -> int:
    keys, server = _keys(options, settings), options.server or _only_one(settings, parser)
    shown = _shown(server, settings)
    known = keys.known(server.host, server.port)
    if shown in known:
        return _done(f"{server} {shown.fingerprint} is accepted already", server, shown, options)
    if options.fingerprint:
        agreed = _plain(options.fingerprint) == _plain(shown.fingerprint)
        if not agreed:
            return _failed(f"{server} shows {shown.type} {shown.fingerprint}, not that key; nothing was accepted", options)
    else:
        agreed = _asked(server, shown, known, options, parser)
    if not agreed:
        return _failed("nothing was accepted", options)
    keys.accept(server.host, server.port, shown)
    return _done(f"{server} {shown.fingerprint} is accepted; the phone uses it at its next try", server, shown, options)


def _only_one(settings: Settings, parser: Parser) -> Server:
    servers = _of_settings(settings)
    if len(servers) != 1:
        named = " and ".join(map(str, servers)) or "no SSH server"
        parser.error(f"the settings name {named}; say which: host, host:port, or a link")
    return servers[0]


def _shown(server: Server, settings: Settings) -> Any:
    from paramiko import SSHException

    from callsheet.adapters.transport.client import TransferError
    from callsheet.adapters.transport.faults import of_exception
    from callsheet.adapters.transport.ssh_session import offered

    try:
        return offered(server.host, server.port, settings.sheet.connect_timeout)
    except TransferError:
        raise
    except SSHException:
        raise TransferError("unreachable", f"{server} does not answer in SSH") from None
    except (OSError, EOFError) as error:
        raise of_exception(error, server.host) from None


def _asked(
    server: Server, shown: Any, known: tuple[Any, ...], options: argparse.Namespace, parser: Parser
) -> bool:
    """Whether somebody at the terminal says so."""
    if options.json or not sys.stdin.isatty():
        parser.error("nobody is here to be asked; say which key you expect: --fingerprint SHA256:…")
    for key in known:
        print(f"accepted so far: {key.type} {key.fingerprint}")
    changed = ", which has CHANGED: perhaps another server answers" if known else ""
    print(f"{server} shows:   {shown.type} {shown.fingerprint}{changed}\n{_COMPARE}")
    try:
        answer = input('Is it the same? Write "yes", or paste the fingerprint you have: ').strip()
    except EOFError:
        return False
    return answer == "yes" or _plain(answer) == _plain(shown.fingerprint)


def _plain(fingerprint: str) -> str:
    """Some programs leave the name of the hash out, others fill up with "=" signs."""
    return fingerprint.strip().removeprefix("SHA256:").rstrip("=")


def _done(said: str, server: Server, shown: Any, options: argparse.Namespace) -> int:
    if options.json:
        print_json({"accepted": True, "server": str(server), "type": shown.type, "fingerprint": shown.fingerprint})
    else:
        print(said)
    return 0


def _remove(options: argparse.Namespace, settings: Settings, parser: Parser) -> int:
    removed = _keys(options, settings).remove(options.server.host, options.server.port)
    if not removed:
        return _failed(f"no key of {options.server} was accepted", options)
    if options.json:
        print_json({"server": str(options.server), "removed": removed})
    else:
        print(f"{options.server}: {removed} removed")
    return 0
