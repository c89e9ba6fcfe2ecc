"""Processes of the test, each with a log; all of them end with the test."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

started: list[subprocess.Popen] = []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start(command: list, log: Path, env: dict | None = None, **options) -> subprocess.Popen:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=env if env is not None else os.environ.copy(), **options,
        )
    started.append(process)
    return process


def wait_for(what: str, condition, seconds: float = 30.0, log: Path | None = None):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if result := condition():
                return result
        except (OSError, subprocess.CalledProcessError):
            pass
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-1500:] if log and log.exists() else ""
    raise TimeoutError(f"{what} after {seconds} s\n{tail}")


def accepts(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def stop(process: subprocess.Popen, seconds: float = 30.0, how: int = signal.SIGTERM) -> int:
    process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -9


def stop_all():
    for process in reversed(started):
        if process.poll() is None:
            process.kill()
            process.wait()
