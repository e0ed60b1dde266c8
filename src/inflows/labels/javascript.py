"""What JavaScript files say without being run: objects, lists and texts, by name and by `require`.

Read by tree-sitter. Values that only a run would give (calls, functions, templates with parts) are UNTOLD.
Comments are no values, so an address that is commented out is not read; the comment behind a text on its line
is its note.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from tree_sitter import Language, Node, Parser

from inflows.errors import UsageError
from inflows.labels.checkouts import text_of


class Text(NamedTuple):
    """A text with its place, and the comment behind it."""

    value: str
    file: Path
    line: int
    note: str


class Untold(NamedTuple):
    """A value that reading alone does not give."""


UNTOLD: Final = Untold()
Value = Text | Untold | list["Value"] | dict[str, "Value"]
_DEEPEST: Final = 12


class Modules:
    """The modules of a checkout, each parsed once."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._modules: dict[Path, Module] = {}

    def module(self, file: Path) -> Module:
        """A module; UsageError where the file is no JavaScript."""
        file = file.resolve()
        if file not in self._modules:
            self._modules[file] = Module(file, self)
        return self._modules[file]

    def required(self, origin: Path, name: str) -> Value:
        """The exports of a module that another one requires; untold outside the checkout."""
        if not name.startswith("."):
            return UNTOLD
        target = (origin.parent / name).resolve()
        for file in (target, target.with_name(target.name + ".js"), target / "index.js"):
            if file.suffix == ".js" and file.is_file() and file.is_relative_to(self._root):
                return self.module(file).exports()
        return UNTOLD


class Module:
    """One file: its names, and what it exports."""

    def __init__(self, file: Path, modules: Modules) -> None:
        self.file = file
        self._modules = modules
        self._source = text_of(file).encode()
        self._tree = _parser().parse(self._source)
        if self._tree.root_node.has_error:
            line = _first_error(self._tree.root_node).start_point[0] + 1
            raise UsageError(f"{file}:{line}: this is not sound JavaScript.", "Fetch it again.")
        self._names: dict[str, Node] = {}
        self._exports: list[tuple[str, Node]] = []
        self._open: set[int] = set()
        self._told: Value | None = None
        for statement in self._tree.root_node.named_children:
            self._declare(statement)

    def name(self, name: str) -> Value:
        """The value of a name that is declared at the top."""
        node = self._names.get(name)
        return self.value(node) if node is not None else UNTOLD

    def exports(self) -> Value:
        """The module's exports."""
        if self._told is None:
            self._told = UNTOLD  # while it is found out: modules may require each other
            told: Value = UNTOLD
            for key, node in self._exports:
                if not key:
                    told = self.value(node)
                else:
                    told = (
                        {**told, key: self.value(node)} if isinstance(told, dict) else {key: self.value(node)}
                    )
            if isinstance(told, dict) and self.mentions("imports.forEach("):
                told = {**told, **self._listed_imports()}
            self._told = told
        return self._told

    def _listed_imports(self) -> dict[str, Value]:
        """What a file exports by `imports.forEach(([key, file]) => module.exports[key] = require(file))`."""
        pairs = self.name("imports")
        found: dict[str, Value] = {}
        for pair in pairs if isinstance(pairs, list) else ():
            if isinstance(pair, list) and len(pair) == 2:
                key, file = pair
                if isinstance(key, Text) and isinstance(file, Text):
                    found[key.value] = self._modules.required(self.file, file.value)
        return found

    def argument_of(self, function: str) -> Value:
        """The first argument of the first call of a function, wherever it stands."""
        for node in _walk(self._tree.root_node):
            if (
                node.type == "call_expression"
                and self._text(node.child_by_field_name("function")) == function
            ):
                arguments = node.child_by_field_name("arguments")
                if arguments is not None and arguments.named_child_count:
                    return self.value(arguments.named_children[0])
        return UNTOLD

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in the file."""
        return word.encode() in self._source

    def value(self, node: Node | None, depth: int = 0) -> Value:
        """The value of an expression."""
        if node is None or depth > _DEEPEST or node.id in self._open:
            return UNTOLD
        self._open.add(node.id)
        try:
            return self._value(node, depth + 1)
        finally:
            self._open.discard(node.id)

    def _value(self, node: Node, depth: int) -> Value:
        match node.type:
            case "string":
                return self._as_text(node)
            case "template_string" if not any(c.type == "template_substitution" for c in node.named_children):
                return self._as_text(node)
            case "array":
                return self._list(node, depth)
            case "object":
                return self._object(node, depth)
            case "identifier":
                return self.value(self._names.get(self._text(node)), depth)
            case "parenthesized_expression":
                return self.value(node.named_children[0], depth) if node.named_children else UNTOLD
            case "member_expression" | "subscript_expression":
                return self._member(node, depth)
            case "call_expression":
                return self._call(node, depth)
        return UNTOLD

    def _list(self, node: Node, depth: int) -> Value:
        entries: list[Value] = []
        for child in node.named_children:
            if child.type == "spread_element":
                spread = self.value(child.named_children[0], depth)
                entries.extend(spread if isinstance(spread, list) else [])
            elif child.type != "comment":
                entries.append(self.value(child, depth))
        return entries

    def _object(self, node: Node, depth: int) -> Value:
        found: dict[str, Value] = {}
        for child in node.named_children:
            if child.type == "pair":
                found[self._key(child.child_by_field_name("key"))] = self.value(
                    child.child_by_field_name("value"), depth
                )
            elif child.type == "shorthand_property_identifier":
                found[self._text(child)] = self.name(self._text(child))
            elif child.type == "spread_element":
                spread = self.value(child.named_children[0], depth)
                found.update(spread if isinstance(spread, dict) else {})
        return found

    def _member(self, node: Node, depth: int) -> Value:
        of = self.value(node.child_by_field_name("object"), depth)
        key = node.child_by_field_name("property") or node.child_by_field_name("index")
        return of.get(self._key(key), UNTOLD) if isinstance(of, dict) else UNTOLD

    def _call(self, node: Node, depth: int) -> Value:
        arguments = node.child_by_field_name("arguments")
        if self._text(node.child_by_field_name("function")) != "require" or arguments is None:
            return UNTOLD
        first = self.value(arguments.named_children[0], depth) if arguments.named_children else UNTOLD
        return self._modules.required(self.file, first.value) if isinstance(first, Text) else UNTOLD

    def _declare(self, statement: Node) -> None:
        if statement.type in ("lexical_declaration", "variable_declaration"):
            for declared in statement.named_children:
                name, value = declared.child_by_field_name("name"), declared.child_by_field_name("value")
                if name is None or value is None:
                    continue
                if name.type == "identifier":
                    self._names[self._text(name)] = value
        elif statement.type == "expression_statement" and statement.named_children:
            assigned = statement.named_children[0]
            left, right = assigned.child_by_field_name("left"), assigned.child_by_field_name("right")
            if assigned.type == "assignment_expression" and left is not None and right is not None:
                target = self._text(left)
                if target == "module.exports":
                    self._exports.append(("", right))
                elif target.startswith(("module.exports.", "exports.")):
                    self._exports.append((target.rpartition(".")[2], right))

    def _as_text(self, node: Node) -> Text:
        value = self._text(node)[1:-1]
        return Text(value, self.file, node.start_point[0] + 1, self._note_behind(node))

    def _note_behind(self, node: Node) -> str:
        """The comment on the same line behind a value."""
        behind = node.next_sibling
        while behind is not None and behind.type == ",":
            behind = behind.next_sibling
        if behind is None or behind.type != "comment" or behind.start_point[0] != node.end_point[0]:
            return ""
        return self._text(behind).strip("/* \t\r\n")

    def _key(self, node: Node | None) -> str:
        text = self._text(node)
        return text[1:-1] if node is not None and node.type == "string" else text

    def _text(self, node: Node | None) -> str:
        return "" if node is None else self._source[node.start_byte : node.end_byte].decode()


def _walk(node: Node) -> list[Node]:
    """All nodes below a node, in order."""
    found, todo = [], [node]
    while todo:
        node = todo.pop()
        found.append(node)
        todo.extend(reversed(node.named_children))
    return found


def _first_error(node: Node) -> Node:
    return next((one for one in _walk(node) if one.is_error or one.is_missing), node)


@cache
def _parser() -> Parser:
    import tree_sitter_javascript

    return Parser(Language(tree_sitter_javascript.language()))
