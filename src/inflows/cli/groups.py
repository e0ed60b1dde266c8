"""Groups of commands that are imported when one of them is asked for: `inflows --help` needs none of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "ingest": ("ingest_files", "ingest_evm", "ingest_bitcoin", "ingest_sqd"),
    "labels": ("labels_import", "labels_show", "labels_check", "labels_stats", "labels_discover"),
    "prices": ("prices",),
    "assets": ("assets",),
    "jurisdictions": ("jurisdictions",),
    "licences": ("licences",),
    "references": ("references",),
    "balances": ("balances",),
}
"""The modules of each group; each has `register`, or `register_GROUP`, which adds its commands."""

HELP: Final[dict[str, str]] = {
    "ingest": "Bring in transfers, UTXO entries and blocks.",
    "labels": "Who owns an address.",
    "prices": "What a coin cost.",
    "assets": "Which assets are listed.",
    "jurisdictions": "Where an exchange counts.",
    "licences": "Who holds, seeks or gave up which licence.",
    "references": "What others published, with ours beside it.",
    "balances": "What wallets held, and whether the flows explain it.",
}


DEFAULT: Final[dict[str, str]] = {"licences": "show", "references": "show"}
"""The command that is meant where a group is called without one."""


class LateGroup(TyperGroup):
    """A group that fills itself with its commands at the first look."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments; those that begin with an option are for the command of DEFAULT."""
        meant = DEFAULT.get(str(self.name))
        if meant is not None and (not args or (args[0].startswith("-") and args[0] != "--help")):
            args = [meant, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        self._fill()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order in which they were added."""
        self._fill()
        return super().list_commands(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with; all must be there for a suggestion."""
        self._fill()
        return super().resolve_command(ctx, args)

    def _fill(self) -> None:
        if not self.commands:
            self.commands.update(get_group(_filled(str(self.name))).commands)


def register(app: typer.Typer) -> None:
    """Add the groups to the command line."""
    for name, sentence in HELP.items():
        group = typer.Typer(cls=LateGroup, help=sentence, no_args_is_help=True)
        group.callback()(_nothing)
        app.add_typer(group, name=name, help=sentence)


def _filled(name: str) -> typer.Typer:
    from inflows.cli.examples import add_examples

    group = typer.Typer(rich_markup_mode=None)
    group.callback()(_nothing)
    for module_name in MODULES[name]:
        module = import_module(f"inflows.cli.{module_name}")
        (getattr(module, f"register_{name}", None) or module.register)(group)
    add_examples(group, name)
    return group


def _nothing() -> None:
    """A group does nothing by itself."""
