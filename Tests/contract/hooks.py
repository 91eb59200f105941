"""What schemathesis cannot derive from the document alone."""

import os
import unicodedata

import schemathesis

# The id of the run's own key, and an id that belongs to no key.
OWN_KEY = os.environ["OWN_KEY"]
NO_KEY = "key_00000000000000000000000000"


# Letters without a visible glyph.
FILLERS = "\u115f\u1160\u3164\uffa0"


def label(text):
    """Turns text into a label that the schema allows.

    Which characters are invisible, private or unassigned follows only from Unicode's tables.
    """
    text = unicodedata.normalize("NFC", str(text))
    kept = "".join(
        character
        for character in text
        if unicodedata.category(character)[0] in "LNPS"
        and character not in f"/\\\ufffd{FILLERS}"
        or character == " "
    )
    return text if kept == text and text[:1].isascii() else f"a{kept}"[:60].rstrip()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Names the one model of the run's service, whose method has no settings of its own.

    Which models there are is the operator's choice.
    """
    create = raw_schema["paths"]["/v1/jobs"]["post"]
    forms = [
        content["schema"]["properties"]
        for content in create["requestBody"]["content"].values()
        if "model" in content["schema"].get("properties", {})
    ]
    named = [p["schema"] for p in create["parameters"] if p.get("name") == "model"]
    named += [form["model"] for form in forms]
    assert len(named) == 2, named
    for schema in named:
        schema["enum"] = ["deep-hiding"]
    preview = raw_schema["paths"]["/v1/preview"]["post"]
    for operation in (create, preview):
        for parameter in operation["parameters"]:
            if parameter.get("name") == "model":
                parameter["schema"]["enum"] = ["deep-hiding"]
        operation["parameters"] = [
            p for p in operation["parameters"] if p.get("name") != "method_settings"
        ]
    for form in forms:
        del form["method_settings"]


def holdable(own, all_fields, with_recovery):
    """Drops what the format does not have, and with a recovery secret what is no whole PNG."""
    if with_recovery:
        own.pop("format", None)
        own.pop("max_side", None)
    formats = {str(fields["format"]) for fields in all_fields if "format" in fields} or {"png"}
    if "png" in formats:
        own.pop("quality", None)
    if formats != {"jpeg"}:
        own.pop("chroma", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Adds what no schema can express to requests that should be accepted."""
    operation = case.operation.definition.raw.get("operationId")
    if operation in ("revokeKey", "updateKey") and case.path_parameters["id"] == OWN_KEY:
        # The list of keys includes it, and a run that revokes its own key is refused from then on.
        case.path_parameters["id"] = NO_KEY
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if operation == "createJob":
        # Required in the query or in the form.
        case.query["class"] = label(case.query.get("class") or "birds")
        if isinstance(case.body, dict) and "class" in case.body:
            case.body["class"] = label(case.body["class"])
        fields = [case.query, *([case.body] if isinstance(case.body, dict) else [])]
        for own in fields:
            holdable(own, fields, any("Recovery" in name for name in case.headers or ()))
        # Otherwise a changed body with files counts as one that the schema forbids, since
        # schemathesis validates no bytes.
        case._record_starting_state()
    if operation == "previewImage" and case.query.get("class"):
        case.query["class"] = label(case.query["class"])
    if "label" in (case.path_parameters or {}):
        case.path_parameters["label"] = label(case.path_parameters["label"])
    if operation in ("getImage", "getReport"):
        # Most jobs have one image.
        case.path_parameters["number"] = 1 + int(str(case.path_parameters["number"])) % 2
    if operation == "watchJob":
        # Event ids belong to one job; jobs with one image have small ones.
        for values, name in ((case.query, "last_event_id"), (case.headers, "Last-Event-ID")):
            if values.get(name):
                values[name] = str(int(str(values[name]).removesuffix(".end")) % 2) + (
                    ".end" if ".end" in str(values[name]) else ""
                )


@schemathesis.check
def problem_codes_are_documented(context, response, case):
    """Every refusal has a code that is documented for its status or for all requests."""
    if not response.headers.get("content-type", [""])[0].startswith("application/problem+json"):
        return
    code = response.json()["code"]
    schema = case.operation.schema.raw_schema
    documented = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    if "$ref" in documented:
        documented = schema["components"]["responses"][documented["$ref"].rpartition("/")[2]]
    general = schema["components"]["schemas"]["Problem"]["description"]
    if code not in documented.get("x-problem-codes", []) and f" {code}" not in general:
        raise AssertionError(
            f"{response.status_code} {code} is not documented for {case.method} {case.path}"
        )
