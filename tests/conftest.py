"""What holds for every test."""

import os

from hypothesis import HealthCheck, settings

# A busy machine is slow, and slow is not wrong.
settings.register_profile("inflows", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("inflows")

# Whoever runs the tests may have said how wide, how coloured and how able the terminal is.
for name in (
    "COLUMNS",
    "LINES",
    "TERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "PY_COLORS",
    "CLICOLOR",
    "CLICOLOR_FORCE",
):
    os.environ.pop(name, None)
for name in [name for name in os.environ if name.startswith("INFLOWS_") and name != "INFLOWS_OLD_DUCKDB"]:
    del os.environ[name]
