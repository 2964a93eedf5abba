"""One printed line for each check; the first that fails ends the program."""

import os
import sys
import traceback
from contextlib import contextmanager

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
RESOURCE = os.environ["RESOURCE"]
SCOPE = os.environ["SCOPE"]


@contextmanager
def check(what):
    try:
        yield
    except Exception:
        traceback.print_exc()
        print(f"FAILED {what}", flush=True)
        sys.exit(1)
    print(f"ok {what}", flush=True)


def equal(left, right):
    if left != right:
        raise AssertionError(f"{left!r} is not {right!r}")
