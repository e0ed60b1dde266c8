"""The main job under Prefect: the library's steps as tasks with retries, and what they made as artifacts.

The order of the steps is that of inflows.build.steps; nothing of it is repeated here. Tasks are few and
large, take and return paths and counts, and keep no results: a run that died is started again and goes on
from the store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from inflows.build import steps
from inflows.errors import UsageError
from inflows.settings import load_settings
from inflows.stages.period_coverage import for_people, partial_periods
from inflows.warehouse.totals import read_totals

R = TypeVar("R")

RETRY_DELAYS_SECONDS: list[float] = [2, 10, 60]


def _is_worth_a_retry(task: Any, run: Any, state: Any) -> bool:
    """A wrong option or file stays wrong; everything else may pass."""
    return not isinstance(state.result(raise_on_failure=False), UsageError)


def as_task(function: Callable[..., R]) -> Callable[..., R]:
    """A step of the library as a Prefect task."""
    decorate = task(
        retries=len(RETRY_DELAYS_SECONDS),
        retry_delay_seconds=RETRY_DELAYS_SECONDS,
        retry_condition_fn=_is_worth_a_retry,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return cast(Callable[..., R], decorate(function))


@flow(name="inflows", validate_parameters=True)
def main_job(data: str | None = None, sample: bool = False) -> dict[str, Any]:
    """Ingest what is configured (or the simulated sample), build, publish; returns what was made.

    data: the data folder, as the option --data of the command line.
    """
    settings = load_settings(None if data is None else Path(data))
    now = dt.datetime.now(dt.UTC)
    run = steps.run_sample if sample else steps.run
    built = run(settings, now=now, step=as_task)
    _publish_artifacts(built)
    return {
        "vintage": built.vintage,
        "database": str(built.database),
        "partitions": built.partitions,
        "computed": built.computed,
        "simulated": built.simulated,
    }


def _publish_artifacts(built: steps.Built) -> None:
    """The half-year table, and what a reader should know of it."""
    kind = " (SIMULATED data)" if built.simulated else ""
    totals = for_people(read_totals(built.database))
    partial = partial_periods(totals)
    held = "; ".join(f"{period}: {words}" for period, words in partial.items())
    create_table_artifact(
        table=[
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in totals.rows(named=True)
        ],
        key="half-year-totals",
        description=f"Exchange inflows by jurisdiction and half-year, vintage {built.vintage}{kind}"
        + (f"; PARTIAL: {held}" if held else ""),
    )
    told = [f"{period} is partial: {words}." for period, words in partial.items()] + built.notes
    notes = "\n".join(f"- {note}" for note in told) or "Nothing was found."
    create_markdown_artifact(
        markdown=f"# Findings of vintage {built.vintage}{kind}\n\n{notes}\n",
        key="findings",
        description="What was left out, set aside or not valued",
    )


if __name__ == "__main__":
    main_job()
