"""The command line: counts on stderr, exit codes, and one sentence for what cannot be used."""

import subprocess
import sys
from pathlib import Path

from label_lists import write_checkout, write_files


def inflows(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inflows", *arguments], capture_output=True, text=True, encoding="utf-8"
    )


def test_an_import_says_what_became_of_every_claim(tmp_path: Path) -> None:
    checkout, data = write_checkout(tmp_path, "spellbook"), str(tmp_path / "data")
    done = inflows("labels", "import", str(checkout), "--input-format", "spellbook", "--data", data)
    assert (done.returncode, done.stdout) == (0, "")
    assert "5 claims read from 2 lists: 3 stored or known" in done.stderr
    assert "1 quarantined (bad_checksum 1), 1 skipped (casino 1)" in done.stderr
    assert "Business Source License 1.1" in done.stderr


def test_what_cannot_be_used_ends_with_exit_code_2_and_no_traceback(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    cycle_text = "alias,exchange\na,b\nb,a\n"
    write_files(tmp_path, {"pack.yaml": "tags:\n- !!python/name:os.system x\n", "round.csv": cycle_text})
    pack, cycle = str(tmp_path / "pack.yaml"), str(tmp_path / "round.csv")
    for arguments, said in (
        ((pack, "--input-format", "tagpack"), "pack.yaml:2: the tag"),
        ((pack, "--input-format", "tagpack", "--aliases", cycle), "a -> b -> a"),
        ((pack, "--input-format", "nonsense"), "--input-format nonsense is unknown"),
        ((pack, "--aliases", cycle), "--aliases is for lists of others"),
    ):
        done = inflows("labels", "import", *arguments, "--data", data)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
