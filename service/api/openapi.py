"""GET /schema/openapi.json and /schema: the contract as OpenAPI 3.1, and as a plain page."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import msgspec
from litestar import Response, get

from service.api import examples
from service.api.operations import JSON, OPERATIONS, Operation
from service.api.problems import MEDIA_TYPE, Kind
from service.api.wire import Problem
from service.api.wire_descriptions import COMMON
from service.api.wire_descriptions import OF as OF_DECISIONS
from service.api.wire_descriptions_recorded import OF as OF_RECORDS

TITLE, VERSION = "Next best offer", "1.0.0"
DESCRIPTION = (
    "Where there is a GET, HEAD gives its status and headers. Every error of the service is an RFC"
    " 9457 problem; what is no HTTP request to it (a broken header, an address of more than 65,535"
    " characters) the HTTP server itself refuses with 400 and plain text."
)
HEADERS = {
    "not-authenticated": ("WWW-Authenticate", {"type": "string"}, "How to say who asks"),
    "not-authorised": ("WWW-Authenticate", {"type": "string"}, "The scope the token lacks"),
    "method-not-allowed": ("Allow", {"type": "string"}, "The methods this address has"),
    "too-many-in-flight": ("Retry-After", {"type": "integer"}, "Seconds to wait before asking"),
}
"""Kind of problem → the header it brings, its schema and meaning."""
SECURITY = "bearer"
SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "EdDSA or RS256; needed wherever the service has keys to verify tokens with.",
}
DESCRIPTIONS = OF_DECISIONS | OF_RECORDS
REFERENCE = "#/components/schemas/{name}"
STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:1rem;overflow:auto}code{font-weight:600}"
)


@get("/schema/openapi.json", sync_to_thread=False)
def openapi_document() -> dict[str, Any]:
    """The whole contract, with one example per operation."""
    return build_document()


@get("/schema", sync_to_thread=False)
def schema_page() -> Response[str]:
    """Every operation with its examples, readable offline."""
    sections = "".join(_section(operation) for operation in OPERATIONS)
    return Response(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{TITLE}</title>"
        f"<style>{STYLE}</style><h1>{TITLE}</h1>"
        "<p>Machine-readable: <a href='/schema/openapi.json'>/schema/openapi.json</a></p>"
        f"{sections}</html>",
        media_type="text/html",
    )


@cache
def build_document() -> dict[str, Any]:
    """OpenAPI 3.1 from the table of operations and the wire structs themselves."""
    types = {
        t for o in OPERATIONS for t in (o.request_type, o.answer_type) if t not in (None, dict)
    }
    _, schemas = msgspec.json.schema_components([*types, Problem], ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": _typed(_described(dict(sorted(schemas.items())))),
            "securitySchemes": {SECURITY: SECURITY_SCHEME},
        },
    }


def _described(schemas: dict[str, Any]) -> dict[str, Any]:
    """The same, with the meaning of every property."""
    return {name: _with_meanings(name, schema) for name, schema in schemas.items()}


def _with_meanings(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in schema:
        return schema
    told = COMMON | DESCRIPTIONS.get(name, {})
    properties = {
        key: property_ | ({"description": told[key]} if key in told else {})
        for key, property_ in schema["properties"].items()
    }
    return schema | {"properties": properties}


def _typed(schema: Any) -> Any:
    """The same, with the type of every set of words said: generators of clients ask for it."""
    if isinstance(schema, list):
        return [_typed(child) for child in schema]
    if not isinstance(schema, dict):
        return schema
    typed = {key: _typed(child) for key, child in schema.items()}
    is_set_of_words = isinstance(typed.get("enum"), list | tuple)
    return {"type": "string"} | typed if is_set_of_words else typed


def _describe(operation: Operation) -> dict[str, Any]:
    answer = _content(operation.media_type, operation.answer_type, operation.answer_example)
    description: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {str(operation.status): {"description": operation.summary, "content": answer}}
        | {str(status): _problem(status, kind) for status, kind in operation.all_problems.items()},
        # Scopes of a bearer scheme are for the reader; the empty one: where no keys are set.
        "security": [] if operation.is_open else [{SECURITY: [*operation.needs]}, {}],
    }
    if operation.path_parameters:
        description["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in operation.path_parameters
        ]
    if operation.request_type is not None:
        body = _content(JSON, operation.request_type, operation.request_example)
        description["requestBody"] = {"required": True, "content": body}
    return description


def _content(media_type: str, kind: type | None, example: Any) -> dict[str, Any]:
    if kind is None:
        schema: dict[str, Any] = {"type": "string"}
    elif kind is dict:
        schema = {"type": "object"}
    else:
        schema = {"$ref": REFERENCE.format(name=kind.__name__)}
    return {media_type: {"schema": schema, "example": example}}


def _problem(status: int, kind: Kind) -> dict[str, Any]:
    slug, title, usual = kind
    example = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": usual}
    shown = examples.PROBLEM if status == 400 else example
    answer = {"description": title, "content": _content(MEDIA_TYPE, Problem, shown)}
    if slug not in HEADERS:
        return answer
    header, schema, meaning = HEADERS[slug]
    told = {"description": meaning, "required": True, "schema": schema}
    return answer | {"headers": {header: told}}


def _section(operation: Operation) -> str:
    shown = [
        f"<p>{label}</p><pre>{escape(_pretty(example))}</pre>"
        for label, example in (
            ("Request", operation.request_example),
            ("Answer", operation.answer_example),
        )
        if example is not None
    ]
    heading = f"{operation.method.upper()} <code>{escape(operation.path)}</code>"
    return f"<h2>{heading}</h2><p>{escape(operation.summary)}</p>{''.join(shown)}"


def _pretty(example: Any) -> str:
    if isinstance(example, str):
        return example
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
