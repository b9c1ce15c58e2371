"""A process of its own session, whose output cannot fill the memory, and which ends with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .shared import remove_orphan

LAST_BYTES = 1 << 14
LAST_LINES = 20
EXIT_SECONDS = 0.5  # that the reader of the output may need after the end of the process


class Isolated:
    """A child process. A thread reads its standard error and keeps the end of it. Ctrl-C does not reach the process."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdin: int, stdout: int = subprocess.STDOUT
    ) -> None:
        """Start the process. Without a pipe for stdout, its output and its errors are read together."""
        is_merged = stdout == subprocess.STDOUT
        self.process = subprocess.Popen(
            arguments,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if is_merged else subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches only the parent, which then ends this process
        )
        stream = self.process.stdout if is_merged else self.process.stderr
        assert stream
        self._stream = stream
        self._end = b""
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()
        threading.Thread(target=self._sweep, daemon=True).start()

    def _sweep(self) -> None:
        """End what outlives the process. It keeps the pipes open, and a reader would wait for it."""
        self.process.wait()
        self._end_group()

    def _end_group(self) -> None:
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, if all have ended
                os.killpg(self.process.pid, signal.SIGKILL)

    def _read(self, stream: IO[bytes]) -> None:
        while data := os.read(stream.fileno(), 1 << 16):
            self._end = (self._end + data)[-LAST_BYTES:]

    def last_lines(self) -> str:
        """Return the end of the output, at most LAST_LINES lines."""
        self._reader.join(timeout=EXIT_SECONDS)
        return "\n".join(self._end.decode(errors="replace").splitlines()[-LAST_LINES:])

    def ending(self) -> str:
        """Return how the process ended: "ended with status 3" or "was killed by SIGSEGV"."""
        status = self.process.wait()
        return f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"

    def end(self, patience: float = 0.0) -> None:
        """End the process, and on POSIX also the processes that it started.

        `patience` is how many seconds the process may take to end by itself, after the end of its input.
        """
        if patience and self.process.stdin:
            with suppress(OSError, subprocess.TimeoutExpired):
                self.process.stdin.close()
                self.process.wait(patience)
        self._end_group()
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=EXIT_SECONDS)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            # A process in another session may keep the stream open, and the reader waits for it.
            if stream and not (stream is self._stream and self._reader.is_alive()):
                with suppress(OSError):
                    stream.close()


def end_with_group(folder: Path) -> None:
    """End this process and all that it started. First remove the folder of the parent if that was killed."""
    deadline = time.monotonic() + EXIT_SECONDS
    while folder.exists() and time.monotonic() < deadline:  # the end of a process releases its pipes before its locks
        remove_orphan(folder)
        time.sleep(0.01)
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
