"""Why the totals of two vintages differ: the change of each, split exactly by what caused it.

From A's published totals to B's in steps, each of which changes one thing: the rules (A's inputs under the
present code), then the data, the assets, the labels, the prices and the jurisdictions, until the inputs are
B's. What then remains to B's published totals comes from B having been published by other code: it is of the
rules too. So the six parts add up to the change, whatever their order; the order decides to whom falls what
they cause together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

import inflows
from inflows.build import partition_facts
from inflows.build.rebuild import as_of, link, link_raw, link_registry, scratch_folder
from inflows.build.registry_snapshot import MixedRegistries, Registries
from inflows.contracts.schema import USD
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.periods import HALF, grain_of, period_named
from inflows.stages import RULES_VERSION
from inflows.stages.total import KEY, period_totals
from inflows.warehouse.kept_inputs import Kept, read_kept
from inflows.warehouse.totals import read_all_totals
from inflows.warehouse.vintages import Vintage, find_vintage, totals_path

STEPS: Final = ("data", "assets", "labels", "prices", "jurisdictions")
"""What is exchanged after the rules, in this order."""

CAUSES: Final = ("rules", *STEPS)


@dataclass(frozen=True)
class Side:
    """One of the two vintages, and its registries as it found them."""

    vintage: Vintage
    kept: Kept
    registries: Registries

    @property
    def is_of_present_code(self) -> bool:
        """Whether it was published by the code that runs now."""
        published = (self.vintage.code_version, self.vintage.rules_version)
        return published == (inflows.__version__, RULES_VERSION)

    def inputs_of(self, step: str) -> tuple[object, ...]:
        """What tells whether a step changes anything."""
        inputs = self.vintage.inputs
        if step == "data":
            return inputs["raw"], min(as_of(self.vintage), self._end)
        if step == "prices":
            return inputs["prices"], self.kept.staleness_hours, self.kept.price_sources
        return (inputs[step],)

    @property
    def _end(self) -> dt.datetime:
        """The end of the last day of its raw data: being as of a later time than that changes no transfer."""
        last = max(dt.date.fromisoformat(found.date) for found in self.kept.raw)
        return dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)


def diff(layout: Layout, first: str, second: str) -> pl.DataFrame:
    """The change of every total between two vintages: KEY, from_usd, to_usd, change_usd, a part a cause.

    All in US dollars of inflow, exact; a total that one of them does not have is 0 there.
    """
    with scratch_folder(layout) as folder:
        a, b = _side(layout, first, folder / "a"), _side(layout, second, folder / "b")
        work = Layout(folder / "work")
        _borrow_facts(layout, work)
        published = {name: _inflows(read_all_totals(totals_path(layout, name))) for name in (first, second)}
        stages = [published[first]]
        state = dict.fromkeys(STEPS, a)
        if not a.is_of_present_code:
            stages.append(_computed(work, state))
        else:
            stages.append(stages[-1])
        for step in STEPS:
            state[step] = b
            same = a.inputs_of(step) == b.inputs_of(step)
            stages.append(stages[-1] if same else _computed(work, state))
        return _split([*stages, published[second]])


def of_period(changes: pl.DataFrame, period: str) -> pl.DataFrame:
    """The changes of half-years, or of a year, whose halves are added up; UsageError of other periods."""
    period = period_named(period)
    grain = grain_of(period)
    if grain == HALF:
        return changes
    if grain != "year":
        raise UsageError(
            f"Vintages are compared by half-years and years, and {period} is a {grain}.",
            "Give 2024-H1, or 2024; `totals --vintage` prints other periods of each of them.",
        )
    key = [name for name in KEY if name != "period"]
    of_year = changes.filter(pl.col("period").str.starts_with(f"{period}-H"))
    summed = of_year.group_by(*key).agg(pl.exclude("period", *key).sum())
    return summed.select(pl.lit(period).alias("period"), *(n for n in changes.columns if n != "period")).sort(
        KEY
    )


def _side(layout: Layout, name: str, folder: Path) -> Side:
    vintage, kept = find_vintage(layout, name), read_kept(layout, name)
    place = Layout(folder)
    link_registry(layout, kept, place)
    return Side(vintage, kept, Registries(place, as_of(vintage), kept.price_sources))


def _borrow_facts(layout: Layout, work: Layout) -> None:
    """Begin with the facts at hand: a partition of which the inputs are the same is not computed again."""
    for table in ("fct_flow", "agg_flow_daily"):
        for path in (layout.warehouse / table).glob("chain=*/date=*/part.parquet"):
            link(path, work.warehouse / path.relative_to(layout.warehouse))


def _computed(work: Layout, state: dict[str, Side]) -> pl.DataFrame:
    """The totals of mixed inputs."""
    data = state["data"]
    registries = MixedRegistries(
        work,
        as_of(data.vintage),
        labels=state["labels"].registries,
        asset_list=state["assets"].registries,
        quotes=state["prices"].registries,
        weights=state["jurisdictions"].registries,
    )
    link_raw(data.kept.raw, work)
    staleness = dt.timedelta(hours=state["prices"].kept.staleness_hours)
    facts = partition_facts.update(work, registries, as_of=as_of(data.vintage), staleness=staleness)
    daily = pl.scan_parquet([partition.daily for partition in facts.partitions])
    return _inflows(period_totals(daily, registries.jurisdictions.lazy()).collect(engine="streaming"))


def _inflows(totals: pl.DataFrame) -> pl.DataFrame:
    return totals.select(*KEY, pl.col("inflow_usd").cast(USD))


def _split(stages: list[pl.DataFrame]) -> pl.DataFrame:
    """Differences between the totals of one stage and the next: A, rules, five steps, B."""
    rows = pl.concat([stage.select(KEY) for stage in stages]).unique()
    for number, stage in enumerate(stages):
        rows = rows.join(stage.rename({"inflow_usd": f"_{number}"}), on=KEY, how="left", validate="1:1")
    rows = rows.with_columns(pl.col(f"_{number}").fill_null(0) for number in range(len(stages)))
    last = len(stages) - 1

    def change(to: int) -> pl.Expr:
        return pl.col(f"_{to}") - pl.col(f"_{to - 1}")

    parts = {f"{step}_usd": change(number) for number, step in enumerate(STEPS, 2)}
    return rows.select(
        *KEY,
        pl.col("_0").alias("from_usd"),
        pl.col(f"_{last}").alias("to_usd"),
        (pl.col(f"_{last}") - pl.col("_0")).alias("change_usd"),
        (change(1) + change(last)).alias("rules_usd"),
        *(part.alias(name) for name, part in parts.items()),
    ).sort(KEY)
