"""Holds the sockets that a server listens on, as systemd does, and puts one process in the place of another.

    restarts.py RESTARTS PAUSE PORT METRICS_PORT STOP COMMAND...

Every other time the new process is ready before the old one is told to stop; else it starts once the old one is gone.
Prints a line for each restart; makes the file STOP at the end, and exits with 1 when a process ends in another way than
with success.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

restarts, pause, *ports = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
stop, command = pathlib.Path(sys.argv[5]), sys.argv[6:]

held = []
for port in ports:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    one.listen(4096)
    held.append(one)

# Where sd_notify(3) sends to.
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "notify")
notify.bind(path)
notify.settimeout(60)


def begin():
    """Starts a process with the sockets as its files 3 and 4, and waits until it says that it is ready."""
    first = 3 + len(held)

    def hand_over():
        # Out of the way of one another first.
        for number, one in enumerate(held):
            os.dup2(one.fileno(), 100 + number)
        for number in range(len(held)):
            os.dup2(100 + number, 3 + number)
            os.close(100 + number)

    environment = {"NOTIFY_SOCKET": path, "LISTEN_FDS": str(len(held))}
    # The process id is known to the child alone: a shell puts it in.
    shell = ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", *command]
    child = subprocess.Popen(
        shell, env={**os.environ, **environment}, stdout=sys.stderr, preexec_fn=hand_over, pass_fds=range(3, first), close_fds=True
    )
    while notify.recv(64) != b"READY=1":
        pass
    return child


def end(child):
    child.send_signal(signal.SIGTERM)
    code = child.wait(60)
    if code != 0:
        print(f"it ended with {code}", flush=True)
        sys.exit(1)


old = begin()
try:
    for number in range(restarts):
        time.sleep(pause)
        begun = time.monotonic()
        if number % 2 == 0:
            new = begin()
            ready = time.monotonic()
            end(old)
        else:
            end(old)
            ready = time.monotonic()
            new = begin()
        old = new
        middle, done = ready - begun, time.monotonic() - ready
        what = ("ready", "old gone") if number % 2 == 0 else ("old gone", "ready")
        print(f"restart {number + 1}: {what[0]} after {middle:.2f} s, {what[1]} {done:.2f} s later", flush=True)
    time.sleep(pause)
finally:
    stop.touch()
    time.sleep(1)
    end(old)
