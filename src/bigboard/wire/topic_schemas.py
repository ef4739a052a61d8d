"""What ``data`` and ``changes`` hold, as JSON Schema (draft 7), made from the table of topics (PROTOCOL 4 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import TOPICS, MergeKind
from bigboard.board.rules import EXTRA, Kind

if TYPE_CHECKING:
    from bigboard.board import Topic
    from bigboard.board.rules import Rule

__all__ = ["changes_schema", "state_schema"]

Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_UNSIGNED: Schema = {"type": "number", "minimum": 0}
_GONE: Schema = {"type": "null"}
_KINDS: dict[Kind, Schema] = {
    Kind.SIGNED: _NUMBER,
    Kind.UNSIGNED: _UNSIGNED,
    Kind.TEXT: _TEXT,
    Kind.IDENTIFIER: _TEXT,
    Kind.SYMBOL: _TEXT,
    Kind.FLAG: {"type": "boolean"},
    Kind.TEXTS: {"type": "array", "items": _TEXT},
    Kind.OBJECT: {"type": "object"},
    Kind.SCALAR: _SCALAR,
    Kind.ANY: {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
}
_LEVELS: Schema = {
    "type": "array",
    "items": {"type": "array", "items": [_NUMBER, _UNSIGNED], "minItems": 2, "maxItems": 2},
}
_SIDES = ("bids", "asks")


def state_schema() -> Schema:
    """Of ``data``: every topic with its whole state; only those that were subscribed to are there."""
    return _topics("the state of each topic that was subscribed to", _state)


def changes_schema() -> Schema:
    """Of ``changes``: what changed, to be merged by the topic's kind; only topics that changed are there."""
    return _topics("what changed in each topic, to be merged by its kind", _changes)


def _topics(description: str, of: Any) -> Schema:
    properties = {name: {"description": f"kind: {topic.kind.value}", **of(topic)} for name, topic in TOPICS.items()}
    return {"type": "object", "description": description, "properties": properties}


def _state(topic: Topic) -> Schema:
    record = _record(topic)
    match topic.kind:
        case MergeKind.ROWS:
            return _array({**record, "required": [topic.id_field]})
        case MergeKind.TAPE:
            return _by_key(_array(record))
        case MergeKind.LADDER:
            book = dict.fromkeys(_SIDES, _LEVELS) | record["properties"]
            return _by_key({**record, "properties": book, "required": list(_SIDES)})
        case MergeKind.FIELDS:
            return _by_key(record)


def _changes(topic: Topic) -> Schema:
    patch = _patch(topic)
    match topic.kind:
        case MergeKind.ROWS:
            row = patch["properties"] | {topic.id_field: _TEXT, "deleted": {"const": True}}
            return _array({**patch, "properties": row, "required": [topic.id_field]})
        case MergeKind.TAPE:
            return _by_key(_array(_record(topic)))
        case MergeKind.LADDER:
            # Of a side only the levels that changed, where the size 0 removes one.
            return _by_key(_or_gone({**patch, "properties": dict.fromkeys(_SIDES, _LEVELS) | patch["properties"]}))
        case MergeKind.FIELDS:
            return _by_key(_or_gone(patch))


def _record(topic: Topic) -> Schema:
    """A record: the topic's own fields, and any that its publisher adds."""
    fields = {name: _value(rule) for name, rule in topic.rules.items()}
    return {"type": "object", "properties": fields, "additionalProperties": _value(EXTRA)}


def _patch(topic: Topic) -> Schema:
    """A JSON merge patch of a record (RFC 7396): ``null`` removes a field."""
    fields = {name: _or_gone(_value(rule)) for name, rule in topic.rules.items()}
    return {"type": "object", "properties": fields, "additionalProperties": _or_gone(_value(EXTRA))}


def _value(rule: Rule) -> Schema:
    return {"enum": sorted(rule.choices)} if rule.kind is Kind.CHOICE else _KINDS[rule.kind]


def _or_gone(schema: Schema) -> Schema:
    return {"anyOf": [schema, _GONE]}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_key(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}
