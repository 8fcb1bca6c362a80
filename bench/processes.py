"""Processes watched from outside: how long one takes, how much memory it had at most, and servers on a free port."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 120
WATCH_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """A command that ended."""

    seconds: float
    peak_mib: float


def run(command: Sequence[str], text: str = "", cwd: Path = ROOT) -> Run:
    """Runs a command to its end. Raises RuntimeError with the end of what it said where it failed."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(text.encode())
        given.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=subprocess.STDOUT, cwd=cwd)
        with _watched(process.pid) as peaks:
            status = process.wait()
            seconds = time.perf_counter() - began
        if status != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {status}:\n{_end(output)}")
    return Run(seconds, max(peaks) / 1024)


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """What the process held at most, again and again until it ends.

    The kernel's own account at its end (getrusage) begins with what this process held when it started the other.
    """
    peaks, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            peaks.append(_peak_kib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def _end(output: IO[bytes], most: int = 2000) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")[-most:]


@dataclass(frozen=True, slots=True)
class Server:
    """A Streamlit server that answers on a port of loopback."""

    port: int
    pid: int

    def peak_mib(self) -> float:
        """The most memory that the process, or one it started, ever held."""
        return max(_peak_kib(pid) for pid in _family(self.pid)) / 1024


@contextmanager
def serving(command: Sequence[str], cwd: Path = ROOT, **settings: str) -> Iterator[Server]:
    """Runs `command … PORT` until it answers, and stops it in the end. settings : of its environment."""
    port = free_port()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
            env=os.environ | settings,
        )
        try:
            wait_for(port, process, output)
            yield Server(port, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def ours(database: str) -> list[str]:
    """The dashboard on a database, but for the port."""
    return [sys.executable, "-m", "dashboard.cli", "serve", "--database", database, "--port"]


def bare() -> list[str]:
    """The bare page, but for the port."""
    options = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    page = str(Path(__file__).with_name("bare.py"))
    return [sys.executable, "-m", "streamlit", "run", page, *options, "--server.port"]


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> None:
    """Waits until what listens on a port says that it is well. Raises RuntimeError where it ends or takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped:\n{_end(output)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not answer within {PATIENCE_SECONDS} s:\n{_end(output)}")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _peak_kib(pid: int) -> int:
    """0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
