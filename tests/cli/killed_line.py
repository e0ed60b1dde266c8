"""The command line, killed before its Nth step on the disk: killed_line.py N COMMAND…

Steps are what puts files in their places: renames, replacements, links and removals. With N = 0 nothing is
killed, and the number of steps is printed on stderr.
"""

import os
import signal
import sys

fatal, steps = int(sys.argv[1]), 0


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Count a step, and die before the fatal one."""
    global steps
    if event in ("os.rename", "os.link", "os.remove", "os.rmdir"):
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)


sys.argv = ["inflows", *sys.argv[2:]]
from inflows.cli import main  # noqa: E402 (the arguments are this script's up to here)

sys.addaudithook(watch)
try:
    main()
finally:
    print(steps, file=sys.stderr)
