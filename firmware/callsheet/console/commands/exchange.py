# SPDX-License-Identifier: GPL-3.0-or-later
"""export, import, certificate: files in and out as text over the line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509

from callsheet.adapters.whole_file import write_whole
from callsheet.console.commands.base import Command
from callsheet.console.desk import Session, checked
from callsheet.console.reply import Reply, Trouble, columns
from callsheet.formats.settings_edit import described, differences, exported, with_value

END = "."
"""A line with nothing else ends what is pasted."""
KINDS = {"sheet": "sheet.ca_file", "sip": "sip.ca_file"}


class Export(Command):
    """export."""

    name = "export"
    usage = "[--secrets]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """All settings that are not at their defaults, as a file; secrets only when asked for."""
        if list(words) not in ([], ["--secrets"]):
            raise self.wrong()
        text = exported(session.desk.own(), secrets=bool(words))
        return Reply(tuple(text.splitlines()), {"toml": text})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Its word."""
        return () if before else ("--secrets",)


class Import(Command):
    """import."""

    name = "import"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Take a settings file that is pasted, instead of all settings; `apply` makes it so."""
        if words:
            raise self.wrong()
        text = _pasted(rest)
        settings = checked(text)
        session.candidate = text
        changes = list(differences(session.desk.usable(), settings))
        lost = [name for name, old, new in changes if old and not new and described(name).secret]
        lines = [f"{len(changes)} settings differ; diff shows them, apply makes it so"]
        if lost:
            # An export without --secrets that comes back is the usual reason.
            lines.append(f"not in this text, so apply erases it: {', '.join(lost)}")
        return Reply(tuple(lines), {"differ": [name for name, _, _ in changes], "erased": lost})

    def ends(self, words: Sequence[str]) -> str:
        """The file follows."""
        return END if not words else ""


class Certificate(Command):
    """certificate."""

    name = "certificate"
    usage = "sheet | sip"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Trust a private authority (PEM, pasted) for the sheet's server or for SIP; `apply` makes it so."""
        if len(words) != 1 or words[0] not in KINDS:
            raise self.wrong()
        text = _pasted(rest)
        try:
            found = x509.load_pem_x509_certificates(text.encode())
        except ValueError:
            raise Trouble("no certificate in this", "paste from -----BEGIN CERTIFICATE----- to its END line") from None
        path = session.desk.data / f"{words[0]}-ca.pem"
        write_whole(path, text.encode())
        session.candidate = with_value(session.candidate, KINDS[words[0]], str(path))
        rows = [(one.subject.rfc4514_string(), f"until {one.not_valid_after_utc:%Y-%m-%d}") for one in found]
        return Reply((*columns(rows), "apply makes it so"),
                     [{"subject": one.subject.rfc4514_string(), "until": one.not_valid_after_utc.isoformat()}
                      for one in found])

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """For which server."""
        return () if before else tuple(KINDS)

    def ends(self, words: Sequence[str]) -> str:
        """The certificate follows."""
        return END if len(words) == 1 else ""


def _pasted(rest: str) -> str:
    _, _, text = rest.partition("\n")
    if not text.strip():
        raise Trouble("nothing was pasted", f"paste the text, then a line with only {END!r}")
    return text.rstrip("\n") + "\n"
