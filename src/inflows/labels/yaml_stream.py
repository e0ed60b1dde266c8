"""YAML read safely and as it comes: plain text, lists and mappings, one entry of a long list after the other.

The events of libyaml's parser are put together here, which no tag can turn into code, and which holds one
entry at a time. Scalars stay text (`NO` is Norway, not false). Refused, with file and line, are tags, keys
that stand twice in a mapping, tabs and all else that is no YAML.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from inflows.errors import UsageError

Node = str | list[Any] | dict[str, Any] | None
_NULL: Final = ("", "~", "null", "Null", "NULL")
_DEEPEST: Final = 32


class YamlFile:
    """The one document of a file: a mapping whose long lists are read entry by entry."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._anchors: dict[str, Node] = {}

    def items(self, streamed: str) -> Iterator[tuple[int, str, Node]]:
        """Line, key and value of the document's mapping; the list under `streamed` one entry at a time."""
        try:
            with self.file.open("rb") as handle:
                loader = yaml.CSafeLoader(handle)
                try:
                    yield from self._items(_events(loader), streamed)
                finally:
                    loader.dispose()
        except (yaml.MarkedYAMLError, yaml.reader.ReaderError) as error:
            raise self._refusal(error) from None
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{self.file} is not UTF-8 text ({error.reason}).", "Save it as UTF-8."
            ) from None
        except OSError as error:
            raise UsageError(
                f"{self.file} cannot be read: {error.strerror or error}.", "Check the path."
            ) from None

    def error(self, line: int, what: str, hint: str) -> UsageError:
        """The error of a place in the file."""
        return UsageError(f"{self.file}:{line}: {what}.", hint)

    def _items(self, events: Iterator[Any], streamed: str) -> Iterator[tuple[int, str, Node]]:
        top: Any = next(
            (e for e in events if not isinstance(e, yaml.StreamStartEvent | yaml.DocumentStartEvent)), None
        )
        if not isinstance(top, yaml.MappingStartEvent):
            raise self.error(
                top.start_mark.line + 1, "the file is no mapping of a header and a list", "Give another file."
            )
        self._refuse_tag(top)
        seen: set[str] = set()
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, line = self._key(event, seen), _line(event)
            event = next(events)
            if key == streamed and isinstance(event, yaml.SequenceStartEvent):
                self._refuse_tag(event)
                while not isinstance(event := next(events), yaml.SequenceEndEvent):
                    yield _line(event), key, self._node(event, events, 1)
            else:
                yield line, key, self._node(event, events, 1)
        while not isinstance(event := next(events), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                raise self.error(_line(event), "a second document begins", "Keep one in a file.")

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None:
                self._refuse_tag(event)
            node: Node = None if not event.style and event.value in _NULL else event.value
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self.error(_line(event), f"nothing is called *{event.anchor}", "Correct it.")
            return self._anchors[event.anchor]
        else:
            self._refuse_tag(event)
            if depth > _DEEPEST:
                raise self.error(_line(event), "lists are nested too deep", "Correct the file.")
            if isinstance(event, yaml.SequenceStartEvent):
                node = self._list(events, depth)
            else:
                node = self._mapping(events, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _list(self, events: Iterator[Any], depth: int) -> list[Any]:
        entries: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            entries.append(self._node(event, events, depth + 1))
        return entries

    def _mapping(self, events: Iterator[Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        seen: set[str] = set()
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, seen)
            found[key] = self._node(next(events), events, depth + 1)
        return found

    def _key(self, event: Any, seen: set[str]) -> str:
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.error(line, "a key is no plain text", "Correct the file.")
        if event.tag is not None:
            self._refuse_tag(event)
        key = str(event.value)
        if key in seen:
            raise self.error(line, f"the key '{key[:60]}' stands twice", "Keep one of them.")
        seen.add(key)
        return key

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag not in ("!", "tag:yaml.org,2002:str"):
            raise self.error(
                _line(event),
                f"the tag '{str(event.tag)[:60]}' is not allowed",
                "Lists hold plain text; take the tag out.",
            )

    def _refusal(self, error: Any) -> UsageError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = str(
            getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        )
        return self.error(
            line, f"this is not sound YAML: {problem}", "Correct the file; YAML allows no tabs."
        )


def _events(loader: Any) -> Iterator[Any]:
    """The events of a document as they are parsed."""
    return iter(loader.get_event, None)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
