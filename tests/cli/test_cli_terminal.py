"""Commands on a terminal, where a bar is drawn in place of lines."""

import os
import sys
from pathlib import Path

import pytest
from command_line import Line, start

pty = pytest.importorskip("pty", reason="no terminals on this system")

TRANSFERS = f"""\
chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw
ethereum,1,2024-03-01T12:00:00Z,0x{1:064x},0,native,,0x{2:040x},0x{3:040x},1
bsc,1,2024-03-02T12:00:00Z,0x{1:064x},0,native,,0x{2:040x},0x{3:040x},1
"""


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it wrote on the terminal that is its stderr."""
    ours, theirs = pty.openpty()
    child = start(*arguments, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # Linux's word for: nobody writes to it any more.
        pass
    finally:
        os.close(ours)
    child.communicate(timeout=600)
    return child.returncode, shown.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="terminals end in other ways elsewhere")
def test_files_are_ingested_on_a_terminal(tmp_path: Path) -> None:
    transfers = tmp_path / "transfers.csv"
    transfers.write_text(TRANSFERS, encoding="utf-8")
    data = tmp_path / "data"
    code, shown = on_a_terminal(
        "ingest", "files", str(transfers), "--input-format", "inflows", "--data", str(data)
    )
    assert code == 0, shown
    assert "2 new" in shown
    assert len(Line(data).rows("status")) == 2
