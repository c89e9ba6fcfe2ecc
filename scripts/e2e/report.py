"""Results: one line a check; a failed one does not end the run."""

import contextlib
import traceback

passed = 0
failed = 0


def check(title: str, holds: bool, detail: object = ""):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok   {title}", flush=True)
    else:
        failed += 1
        print(f"FAIL {title}: {detail}", flush=True)


@contextlib.contextmanager
def step(title: str):
    """A part of the story whose exceptions count as one failure."""
    print(f"-- {title}", flush=True)
    try:
        yield
    except Exception:
        check(title, False, traceback.format_exc(limit=4))


def fact(text: str):
    """A measured number, for the reader."""
    print(f"     {text}", flush=True)
