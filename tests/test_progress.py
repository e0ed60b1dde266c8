import pytest

from inflows import progress
from inflows.progress import progress_line, reporter


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_short_work_says_nothing_off_a_terminal(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with reporter("Reading", 10) as shown:
        clock.now = 1.9
        shown.advance(10)
    assert capsys.readouterr() == ("", "")


def test_long_work_writes_a_line_every_few_seconds_to_stderr_alone(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with reporter("Reading", 100) as shown:
        for clock.now in (1.0, 2.5, 4.0, 8.0):
            shown.advance(10)
        shown.moved_to(90)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Reading: 20 of 100 rows, 8 rows/s, about 10 s left",
        "Reading: 40 of 100 rows, 5 rows/s, about 12 s left",
    ]


def test_a_line_without_a_total_promises_no_end() -> None:
    assert progress_line("Reading", 1000, None, 4.0) == "Reading: 1,000 rows, 250 rows/s"


def test_a_forced_bar_is_drawn_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter("Reading", 3, force=True) as shown:
        shown.advance(3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Reading" in err


def test_a_bar_goes_on_with_another_piece_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter("Reading", None, force=True) as shown:
        shown.advance(30)
        for piece in ("Storing", "Reading again"):
            shown.begin(piece, 6)
            shown.advance(2)
            shown.advance(4)
    assert "6/6" in capsys.readouterr().err


def test_another_piece_of_the_work_is_counted_from_nothing(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with reporter("Reading", None) as shown:
        clock.now = 3.0
        shown.advance(30)
        shown.begin("Storing", 30)
        clock.now = 9.0
        shown.advance(6)
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 30 rows, 10 rows/s",
        "Storing: 6 of 30 rows, 1 rows/s, about 24 s left",
    ]
