# SPDX-License-Identifier: GPL-3.0-or-later
"""A line to a terminal: bytes in with a limit, prompt_toolkit's editor on top, everything else off.

prompt_toolkit reads a pipe that is fed from here, because a serial line is not the
terminal of a process: it hangs up, comes back, sends noise at a wrong speed, and
must not make anybody wait.
"""

from __future__ import annotations

import asyncio
import io
import os
import termios
from array import array
from collections.abc import Callable, Iterable
from contextlib import suppress
from fcntl import ioctl

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from callsheet.console.reply import WIDTH

CHUNK = 1024
"""Bytes read at a time: each reading draws the line anew, so a flood is taken in few."""
BREATH = 0.005
"""Seconds to wait for the editor to read."""
LONGEST = 4096
"""Bytes without an end of line; what comes after is noise or a slip, and is dropped up to the next end of line."""
MOST_LISTED = 150
"""Words that TAB shows at the most."""
HEIGHT = 24
"""Lines of a terminal that nobody asked."""
_ENDS = b"\r\n"
_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
"""Around pasted text, by terminals that were asked for it (xterm's "bracketed paste")."""


class HungUp(Exception):
    """The line is gone."""


class Interrupted(Exception):
    """Ctrl-C. Not KeyboardInterrupt: asyncio lets that one end the whole loop."""


class TooLong(Exception):
    """More came than a line can have."""


class History(InMemoryHistory):
    """Earlier lines, but none that holds a secret."""

    def __init__(self, secret: Callable[[str], bool]) -> None:
        super().__init__()
        self._secret = secret

    def append_string(self, string: str) -> None:
        """Remember a line."""
        if not self._secret(string):
            super().append_string(string)


class Line:
    """One end of a serial line, or of a pseudo-terminal. Used on one thread, inside its event loop."""

    def __init__(self, read: int, write: int, pipe: PipeInput) -> None:
        """`read` and `write` are file descriptors, which stay the caller's; `pipe` is fed here."""
        self._read, self._write = read, write
        self._pipe = pipe
        self._unread = pipe.fileno()
        self._asking = False
        self._stream = _stream(write)
        self._output = _output(self._stream)
        self._since_end = 0
        self._dropping = False
        self._pasting = False
        """A paste has begun and not ended: the editor takes every key for a part of it."""
        self._tail = b""
        self.hung_up = False
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Let go of the line. A port that was pulled out stays half there until every descriptor of it is closed."""
        with suppress(OSError):
            self._stream.close()

    def editor(self, complete: Callable[[str], Iterable[str]], secret: Callable[[str], bool]) -> PromptSession[str]:
        """An editor with history and completion."""
        made: PromptSession[str] = PromptSession(
            input=self._pipe, output=self._output, history=History(secret), enable_suspend=False,
            enable_open_in_editor=False, enable_system_prompt=False, mouse_support=False, interrupt_exception=Interrupted,
            key_bindings=self._keys(complete),
        )
        made.default_buffer.on_text_changed += _cut
        return made

    def _keys(self, complete: Callable[[str], Iterable[str]]) -> KeyBindings:
        """TAB completes as a shell does, but never asks back: a line of noise could not answer."""
        bindings = _tame()

        @bindings.add("tab")
        def _(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            text = buffer.document.text_before_cursor.lstrip()
            last = text.rpartition(" ")[2]
            words = sorted(set(complete(text)))
            common = os.path.commonprefix(words)  # noqa: RUF071 -- letter by letter is what is wanted
            if len(common) > len(last) or len(words) == 1:
                buffer.insert_text(f"{common} "[len(last):] if len(words) == 1 else common[len(last):])
            elif words:
                run_in_terminal(lambda: self.say(*_listed(words)))

        return bindings

    async def ask(self, editor: PromptSession[str], prompt: str, patience: float, *, hidden: bool = False) -> str:
        """What was typed. Raises HungUp, TooLong, TimeoutError, EOFError (Ctrl-D), Interrupted (Ctrl-C)."""
        self._dropping = False
        self._since_end = 0
        # A search that was broken off would keep the keys.
        editor.app.layout.focus(editor.default_buffer)
        self._asking = True
        self._resume()
        asked = asyncio.ensure_future(editor.prompt_async(
            prompt, is_password=hidden, handle_sigint=False, set_exception_handler=False))
        self._asked = asked
        try:
            return await asyncio.wait_for(asked, patience)
        except asyncio.CancelledError:
            raise (TooLong if self._dropping else HungUp) from None
        except EOFError:
            if self.hung_up:
                raise HungUp from None
            raise
        finally:
            self._asking = False
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._read)

    async def line(self, patience: float) -> str:
        """A line of text without an editor, for programs. Raises HungUp, TooLong, TimeoutError."""
        got: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop.add_reader(self._read, lambda: got.put_nowait(self._bytes()))
        text = bytearray()
        try:
            while True:
                text += await asyncio.wait_for(got.get(), patience)
                if self.hung_up:
                    raise HungUp
                if len(text) > 128 * LONGEST:
                    raise TooLong
                if b"\n" in text or b"\r" in text:
                    return text.decode("utf-8", "replace").strip("\r\n")
        finally:
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._read)

    async def key(self, patience: float) -> bool:
        """Whether a key was pressed within so many seconds. Raises HungUp."""
        pressed = asyncio.Event()

        def got() -> None:
            self._bytes()
            pressed.set()

        self._loop.add_reader(self._read, got)
        try:
            await asyncio.wait_for(pressed.wait(), patience)
        except TimeoutError:
            return False
        finally:
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._read)
        if self.hung_up:
            raise HungUp
        return True

    def say(self, *lines: str) -> None:
        """Lines to the terminal. Raises HungUp."""
        text = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
        try:
            while text:
                text = text[os.write(self._write, text):]
        except OSError:
            self.hung_up = True
            raise HungUp from None

    def _bytes(self) -> bytes:
        try:
            data = os.read(self._read, LONGEST if self._dropping else CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.hung_up = True
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._read)
        return data

    def _resume(self) -> None:
        if self._asking and not self.hung_up:
            self._loop.add_reader(self._read, self._feed)

    def _backlog(self) -> int:
        """Bytes the editor has not read yet. It does not read between two questions."""
        count = array("i", [0])
        ioctl(self._unread, termios.FIONREAD, count)
        return count[0]

    def _feed(self) -> None:
        if self._backlog() > 4 * CHUNK:
            # Whoever sends faster than is read must wait, and not this thread, which reads.
            self._loop.remove_reader(self._read)
            self._loop.call_later(BREATH, self._resume)
            return
        data = self._bytes()
        if self.hung_up:
            self._asked.cancel()
            return
        if self._dropping:
            if any(end in data for end in _ENDS):
                self._end_paste()
                self._asked.cancel()
            return
        ends = max(data.rfind(b"\r"), data.rfind(b"\n"))
        self._since_end = len(data) - ends - 1 if ends >= 0 else self._since_end + len(data)
        if self._since_end > LONGEST:
            self._dropping = True
            return
        # Line feeds end lines too: files that are sent to the line have no carriage returns.
        self._pipe.send_bytes(data.replace(b"\r\n", b"\r").replace(b"\0", b""))
        seen = self._tail + data
        begun, ended = seen.rfind(_PASTE), seen.rfind(_PASTED)
        if begun != ended:  # one of them was seen
            self._pasting = begun > ended
        self._tail = seen[1 - len(_PASTE):]
        if self._pasting and b"\x03" in seen[max(begun, 0):]:
            self._end_paste()

    def _end_paste(self) -> None:
        """Drop a paste whose end does not come: noise may have begun it, or what was dropped held its end."""
        if self._pasting:
            self._pasting, self._tail = False, b""
            self._pipe.send_bytes(_PASTED + b"\x03")


def _tame() -> KeyBindings:
    """Without what multiplies: repeat counts (Meta-digit), macros and yanking let noise type millions of characters."""
    bindings = KeyBindings()
    bindings.add("c-y")(_nothing)
    sequences = [("escape", digit) for digit in "-0123456789"] + [("c-x", key) for key in "()e"]
    for sequence in sequences:
        bindings.add(*sequence)(_nothing)
    return bindings


def _nothing(event: KeyPressEvent) -> None:
    """Swallow the keys."""


def _cut(buffer: Buffer) -> None:
    """A line that came back from the history can still grow."""
    if len(buffer.text) > LONGEST:
        buffer.reset()


def _listed(words: list[str]) -> list[str]:
    """Words below each other in as many columns as fit."""
    shown = words if len(words) <= MOST_LISTED else [*words[:MOST_LISTED], f"… {len(words)} in all"]
    width = max(map(len, shown)) + 2
    across = max(1, WIDTH // width)
    down = -(-len(shown) // across)
    return ["".join(word.ljust(width) for word in shown[row::down]).rstrip() for row in range(down)]


def raw(descriptor: int) -> None:
    """Take a terminal's own echo and line editing off: they are done here (termios(3), cfmakeraw)."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = termios.tcgetattr(descriptor)
    iflag &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR | termios.IGNCR
               | termios.ICRNL | termios.IXON)
    oflag &= ~termios.OPOST
    lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    cflag = (cflag & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
    termios.tcsetattr(descriptor, termios.TCSANOW, [iflag, oflag, cflag, lflag, ispeed, ospeed, cc])


def _stream(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(os.fdopen(os.dup(descriptor), "wb", buffering=0), "utf-8", "replace", newline="",
                            write_through=True)


def _output(stream: io.TextIOWrapper) -> Vt100_Output:
    return Vt100_Output(stream, lambda: Size(rows=HEIGHT, columns=WIDTH), term="vt100", enable_cpr=False,
                        default_color_depth=ColorDepth.DEPTH_1_BIT)
