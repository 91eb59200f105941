"""Public/openapi.json as a document: valid, with valid examples and all of the sources' codes."""

import json
import re

import pytest
from conftest import ROOT
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = json.loads((ROOT / "Public/openapi.json").read_text())


def test_the_document_is_valid():
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def walk(node, place=()):
    yield place, node
    for key, value in (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        yield from walk(value, (*place, str(key)))


def examples():
    """Every example and its schema: of media types, parameters, headers and schemas."""
    for place, node in walk(DOCUMENT):
        if not isinstance(node, dict) or "example" not in node:
            continue
        schema = node.get("schema", node)
        yield pytest.param(schema, node["example"], id="/".join(place[-6:]))


@pytest.mark.parametrize(("schema", "example"), examples())
def test_every_example_follows_its_schema(schema, example):
    registry = Registry().with_resource("urn:contract", Resource(DOCUMENT, DRAFT202012))
    # The document's references are relative to its root.
    text = json.dumps(schema).replace('"$ref": "#/', '"$ref": "urn:contract#/')
    validator = Draft202012Validator(
        json.loads(text), registry=registry, format_checker=FormatChecker()
    )
    assert [error.message for error in validator.iter_errors(example)] == []


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method, path, operation


def resolved(node):
    while "$ref" in node:
        kind, name = node["$ref"].split("/")[-2:]
        node = DOCUMENT["components"][kind][name]
    return node


def test_every_answer_has_a_body_with_an_example_or_none():
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            response = resolved(response)
            assert "X-Request-Id" in response["headers"], (method, path, status)
            for type, content in response.get("content", {}).items():
                if (
                    type in ("application/json", "application/problem+json")
                    and path != "/openapi.json"
                ):
                    assert "example" in content, (method, path, status)
            if int(status) >= 400:
                assert response["x-problem-codes"], (method, path, status)
                # The prose description names them too.
                assert all(
                    code in response["description"] for code in response["x-problem-codes"]
                ), (method, path, status)


def test_every_code_of_the_sources_is_documented():
    sources = "\n".join(
        path.read_text()
        for folder in ("HTTPAPI", "Operations", "HTTPServer", "HTTPWire")
        for path in sorted((ROOT / "Sources" / folder).rglob("*.swift"))
    ) + (ROOT / "Sources/JobModel/Settings/SettingsFault.swift").read_text()
    codes = set(re.findall(r'(?:APIError\(|Problem\()\s*\.\w+,\s*"([a-z_]+)"', sources))
    codes |= set(re.findall(r'\bcode: "([a-z_]+)"', sources))
    codes |= set(re.findall(r'case \w+ = "([a-z_]+_invalid)"', sources))
    named = re.findall(r'(?:parameterInvalid|KeyFault)\(\s*"(\w+)"', sources)
    codes |= {f"{name}_invalid" for name in named}
    # No client is left to read it.
    codes.discard("client_disconnected")
    assert len(codes) > 50, codes
    words = set(re.findall(r"[a-z_]+", json.dumps(DOCUMENT)))
    assert sorted(codes - words) == []
