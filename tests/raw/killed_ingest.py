"""Ingest the files of a folder, and be killed at a given write: run as a process of its own.

usage: killed_ingest.py DATA PATH WRITE [before|after]
"""

import os
import signal
import sys
from pathlib import Path

from inflows import files
from inflows.layout import Layout
from inflows.raw import merge
from inflows.sources import ingest_files

data, path, fatal, when = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
whole_write, whole_removal, steps = files.write_parquet, merge.remove_partition, 0


def _deadly(step):
    def do(*args, **options):
        global steps
        steps += 1
        if steps == fatal and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        step(*args, **options)
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    return do


files.write_parquet = _deadly(whole_write)
merge.remove_partition = _deadly(whole_removal)
ingest_files(Layout(data), [path], "inflows")
print(steps)
