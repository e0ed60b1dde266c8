"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A busy machine is slow, and slow is not wrong.
settings.register_profile("inflows", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("inflows")
