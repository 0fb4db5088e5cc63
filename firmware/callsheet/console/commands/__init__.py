# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's commands, in the order `help` lists them."""

from callsheet.console.commands.applying import Apply, Confirm, Revert
from callsheet.console.commands.base import Command
from callsheet.console.commands.exchange import Certificate, Export, Import
from callsheet.console.commands.help import Help
from callsheet.console.commands.phone import Agent, Headset, Queue, Sheet, Sip, Status
from callsheet.console.commands.settings import Diff, Set, Show, Unset
from callsheet.console.commands.system import (
    FactoryReset,
    Label,
    Log,
    Network,
    PasswordCommand,
    PowerOff,
    Reboot,
    Test,
    Time,
)
from callsheet.console.commands.update import Update

__all__ = ["COMMANDS", "Command"]

_help = Help()
COMMANDS: tuple[Command, ...] = (
    _help, Status(), Show(), Set(), Unset(), Diff(), Apply(), Confirm(), Revert(), Sheet(), Queue(), Agent(), Sip(),
    Headset(), Network(), Test(), Log(), Time(), Certificate(), Export(), Import(), Label(), PasswordCommand(), Update(),
    Reboot(), PowerOff(), FactoryReset(),
)
_help.others = COMMANDS
