"""Holds every answer that a test gets to docs/openapi.yaml: its status must be one that the route has,
with the headers, the media type and the body described. What does not fit is gathered here and fails
the test that asked (conftest.py)."""

import functools
import json
import re

import schemas
from schemas import escaped

complaints = []

# What the description cannot say: an event's data.
EVENTS = {"order": "#/components/schemas/Order", "notification": "#/components/schemas/Notification"}


def spec():
    return schemas.document("openapi.yaml")


def errors_of(place, instance):
    return schemas.errors_of("openapi.yaml", place, instance)


@functools.lru_cache(maxsize=256)
def errors_of_text(place, text):
    """Crowds of clients get few texts."""
    return errors_of(place, json.loads(text))


def resolve(node, place):
    """The node and its place, behind references."""
    while "$ref" in node:
        place = node["$ref"]
        node = spec()
        for step in place[2:].split("/"):
            node = node[step]
    return node, place


@functools.cache
def patterns():
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in spec()["paths"]]


def route_of(path):
    """As described, literal ones first; None without one."""
    if path in spec()["paths"]:
        return path
    return next((route for pattern, route in patterns() if pattern.fullmatch(path)), None)


def errors_of_body(response, place, answer):
    media = answer.headers.get("Content-Type", "").split(";")[0]
    if "content" not in response:
        return [f"a body of {media}"] if answer.body else []
    if media not in response["content"]:
        return [f"Content-Type is {media!r}"]
    if not media.endswith("json"):
        return []
    return errors_of_text(f"{place}/content/{escaped(media)}/schema", answer.body)


def errors_of_headers(response, place, answer):
    errors = []
    for name, header in response.get("headers", {}).items():
        header, where = resolve(header, f"{place}/headers/{name}")
        value = answer.headers.get(name)
        if value is None:
            errors += [f"no {name}"] if header.get("required") else []
            continue
        if header["schema"].get("type") == "integer":
            value = json.loads(value)
        errors += [f"{name} {error}" for error in errors_of(f"{where}/schema", value)]
    return errors


def errors_of_answer(method, path, answer):
    route = route_of(path)
    operation = spec()["paths"].get(route, {}).get(method.lower())
    if operation is None:
        # Nothing is described here: HEAD, OPTIONS, or a refusal.
        return errors_of("#/components/schemas/Problem", answer.json) if answer.code else []
    responses = operation["responses"]
    status = next((s for s in (str(answer.status), f"{answer.status // 100}XX") if s in responses), None)
    if status is None:
        return ["the status is not described"]
    response, place = resolve(responses[status],
                              f"#/paths/{escaped(route)}/{method.lower()}/responses/{status}")
    return errors_of_headers(response, place, answer) + errors_of_body(response, place, answer)


def hold(method, target, answer):
    path = target.partition("?")[0]
    errors = errors_of_answer(method, path, answer)
    if errors:
        complaints.append(f"{method} {path} answered {answer}: {'; '.join(errors)}")


def hold_event(path, name, text):
    """The event's data."""
    errors = errors_of_text(EVENTS[name], text) if name in EVENTS else ["no event of this name is known"]
    if errors:
        complaints.append(f"{path} sent {name} {text}: {'; '.join(errors)}")
    return json.loads(text)
