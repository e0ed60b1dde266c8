"""The Prefect flows: schedules, retries and artifacts around the steps of the library."""
