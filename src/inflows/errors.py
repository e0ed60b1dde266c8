"""The errors that users see: one sentence that says what is wrong, and one that says the remedy.

InflowsError
├── UsageError     wrong options, unreadable or malformed files: nothing was stored, exit code 2
└── WorkError      the work failed or is incomplete, exit code 1
"""


class InflowsError(Exception):
    """An error with a remedy; the command line prints it without a traceback."""

    exit_code = 1

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem} {self.hint}".strip()


class UsageError(InflowsError):
    """What the user gave cannot be used: an option, a path, a file, a row of a registry."""

    exit_code = 2


class WorkError(InflowsError):
    """The work could not be done or finished; starting it again goes on where it was."""

    exit_code = 1
