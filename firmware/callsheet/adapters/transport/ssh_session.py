# SPDX-License-Identifier: GPL-3.0-or-later
"""An SSH connection: to a server whose key was accepted, signed in with a key or a password."""

from __future__ import annotations

import logging
from typing import Any

import paramiko

from callsheet.adapters.transport.client import Credentials, TransferError
from callsheet.adapters.transport.cutoff import Cutoff
from callsheet.adapters.transport.hostkeys import HostKey, HostKeys, host_key
from callsheet.formats.settings import SheetSettings

# paramiko's messages quote user names, banners and packets.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
METHODS = ("publickey", "password", "keyboard-interactive")


def offered(host: str, port: int, seconds: float) -> HostKey:
    """The key a server shows, to be compared and accepted by a human. Raises what `connected` raises."""
    cutoff = Cutoff()
    with cutoff.within(seconds):
        transport = _begun(host, port, seconds, cutoff, ())
        try:
            return host_key(transport.get_remote_server_key())
        finally:
            transport.close()
            cutoff.release()


def connected(
    host: str, port: int, settings: SheetSettings, credentials: Credentials, cutoff: Cutoff,
) -> paramiko.Transport:
    """A connection that is signed in.

    Raises TransferError, and OSError, EOFError and SSHException from below.
    """
    keys = HostKeys(settings.host_keys)
    transport = _begun(host, port, settings.connect_timeout, cutoff, keys.known(host, port))
    try:
        keys.check(host, port, host_key(transport.get_remote_server_key()))
        transport.auth_timeout = settings.read_timeout
        _sign_in(transport, credentials)
    except BaseException:
        transport.close()
        raise
    return transport


def _begun(
    host: str, port: int, seconds: float, cutoff: Cutoff, known: tuple[HostKey, ...],
) -> paramiko.Transport:
    """Keys are exchanged, but nothing is said yet."""
    sock, _ = cutoff.dial(host, port, seconds)
    transport = paramiko.Transport(sock)
    transport.banner_timeout = transport.handshake_timeout = seconds
    options = transport.get_security_options()
    # A server may have several keys; it is asked first for one that was accepted.
    wanted = [kind for kind in options.key_types if any(_signs(key.type, kind) for key in known)]
    options.key_types = [*wanted, *(kind for kind in options.key_types if kind not in wanted)]
    try:
        transport.start_client(timeout=seconds)
    except paramiko.ssh_exception.IncompatiblePeer:
        transport.close()
        raise TransferError("other", f"{host} and the phone have no SSH algorithm in common") from None
    except BaseException:
        transport.close()
        raise
    return transport


def _signs(key_type: str, algorithm: str) -> bool:
    """RSA keys sign with SHA-2 under other names (RFC 8332)."""
    return key_type == algorithm or (key_type == "ssh-rsa" and algorithm.startswith("rsa-sha2-"))


def _sign_in(transport: paramiko.Transport, credentials: Credentials) -> None:
    if credentials.token:
        raise TransferError("credentials", 'SSH takes no token: set sheet.auth to "basic", "key" or "agent-pin"')
    if not credentials.user:
        raise TransferError("credentials", "SSH needs a user: set sheet.user and sheet.auth")
    try:
        if credentials.key_file:
            transport.auth_publickey(credentials.user, _private_key(credentials))
        else:
            transport.auth_password(credentials.user, credentials.password)
    except paramiko.BadAuthenticationType as error:
        offers = [method for method in METHODS if method in error.allowed_types]
        raise TransferError("credentials", f"the server signs in by {' or '.join(offers) or 'no way known here'}; "
                            "check sheet.auth") from None
    except paramiko.AuthenticationException as error:
        if not transport.is_active() or "timeout" in str(error).lower():
            raise TransferError("unreachable", "the server broke off at sign-in", temporary=True) from None
        what = "the key" if credentials.key_file else "user or password"
        raise TransferError("credentials", f"the server does not accept {what}") from None
    if not transport.is_authenticated():
        raise TransferError("credentials", "the server wants more than one proof of who we are")


def _private_key(credentials: Credentials) -> paramiko.PKey:
    """The key in the file. Raises TransferError."""
    passphrase: Any = credentials.password.encode() or None
    try:
        return paramiko.PKey.from_path(credentials.key_file, passphrase)
    except FileNotFoundError:
        raise TransferError("credentials", "sheet.ssh_key: there is no such file") from None
    except OSError as error:
        raise TransferError("credentials", f"sheet.ssh_key cannot be read: {error.strerror}") from None
    except (paramiko.SSHException, ValueError, TypeError, paramiko.pkey.UnknownKeyType):
        raise TransferError("credentials", "sheet.ssh_key is no private key, or sheet.password is not its passphrase") from None
