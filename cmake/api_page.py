#!/usr/bin/env python3
"""api_page.py OPENAPI.yaml OUTPUT.html: the description of the routes as one page for people.

Static HTML that runs no script and loads nothing but its style sheet; read top to bottom, or by the
list of routes at its start."""

import html
import json
import re
import sys

import yaml

METHODS = ("get", "put", "post", "delete", "patch")
LIMITS = {"minimum": "at least", "maximum": "at most", "minLength": "characters, at least",
          "maxLength": "characters, at most", "minItems": "items, at least",
          "maxItems": "items, at most", "minProperties": "members, at least",
          "multipleOf": "a multiple of", "default": "default", "pattern": "matches"}


def text(words):
    """Of one line: escaped, with `code` set as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(words).strip(), quote=False))


def paragraphs(words):
    return "".join(f"<p>{text(part)}</p>" for part in (words or "").strip().split("\n\n") if part)


def code(value):
    return f"<code>{html.escape(value if isinstance(value, str) else json.dumps(value))}</code>"


def block(value):
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre>{html.escape(shown, quote=False)}</pre>"


def name_of(reference):
    return reference.rsplit("/", 1)[1]


class Page:
    def __init__(self, spec):
        self.spec = spec
        self.schemas = spec["components"]["schemas"]

    def resolve(self, node):
        while "$ref" in node and not node["$ref"].startswith("#/components/schemas/"):
            _, *steps = node["$ref"].split("/")
            node = self.spec
            for step in steps:
                node = node[step]
        return node

    def kind(self, schema):
        """What a value is, in one line."""
        if "$ref" in schema:
            name = name_of(schema["$ref"])
            return f'<a href="#schema-{name}">{name}</a>'
        if "allOf" in schema:
            return " and ".join(self.kind(part) for part in schema["allOf"])
        for key, word in (("anyOf", " or "), ("oneOf", " or ")):
            if key in schema and "type" not in schema:
                return word.join(self.kind(part) for part in schema[key])
        if "enum" in schema:
            return "one of " + ", ".join(code(value) for value in schema["enum"])
        if "const" in schema:
            return code(schema["const"])
        if schema.get("type") == "array":
            return "array of " + self.kind(schema["items"])
        return self.plain_kind(schema)

    def plain_kind(self, schema):
        types = schema.get("type", [])
        words = [" or ".join([types] if isinstance(types, str) else types)]
        words += [f"{word} {code(schema[key])}" for key, word in LIMITS.items() if key in schema]
        if "properties" in schema:
            words[0] = self.members(schema)
        return ", ".join(word for word in words if word)

    def members(self, schema):
        rows = []
        for name, member in schema.get("properties", {}).items():
            needed = " <b>required</b>" if name in schema.get("required", []) else ""
            said = text(member["description"]) if "description" in member else ""
            rows.append(f"<li>{code(name)}{needed}: {self.kind(member)}. {said}</li>")
        return f"<ul>{''.join(rows)}</ul>"

    def parameters(self, operation):
        rows = []
        for parameter in map(self.resolve, operation.get("parameters", [])):
            needed = " <b>required</b>" if parameter.get("required") else ""
            rows.append(f"<tr><td>{code(parameter['name'])}{needed}<td>{parameter['in']}"
                        f"<td>{self.kind(parameter['schema'])}"
                        f"<td>{text(parameter.get('description', ''))}")
        if not rows:
            return ""
        return f"<h4>Parameters</h4><table><tr><th>name<th>in<th>value<th>{''.join(rows)}</table>"

    def content(self, holder):
        return "".join(f"<p>{code(media)}: {self.kind(body['schema']) or 'text'}</p>"
                       for media, body in holder.get("content", {}).items())

    def body(self, operation):
        if "requestBody" not in operation:
            return ""
        holder = operation["requestBody"]
        word = "Body" if holder.get("required") else "Body (may be absent)"
        return f"<h4>{word}</h4>{self.content(holder)}"

    def responses(self, operation):
        rows = []
        for status, response in operation["responses"].items():
            response = self.resolve(response)
            headers = ", ".join(map(code, response.get("headers", {})))
            rows.append(f"<tr><td><b>{status}</b><td>{paragraphs(response['description'])}"
                        f"{self.content(response)}<td>{headers}")
        return f"<h4>Answers</h4><table><tr><th>status<th><th>headers{''.join(rows)}</table>"

    def operation(self, method, path, operation):
        security = operation.get("security", [])
        admin = "<p>Needs the admin token, when one is configured.</p>" if security else ""
        if {} in security:
            admin = "<p>With <code>scope=all</code> it needs the admin token, when one is configured.</p>"
        return (f'<section id="{operation["operationId"]}"><h3><b>{method.upper()}</b> {code(path)}</h3>'
                f'<p>{text(operation["summary"])}.</p>{paragraphs(operation.get("description"))}{admin}'
                f"{self.parameters(operation)}{self.body(operation)}{self.responses(operation)}</section>")

    def schema(self, name):
        schema = self.schemas[name]
        examples = "".join(block(example) for example in schema.get("examples", []))
        return (f'<section id="schema-{name}"><h3>{name}</h3>{paragraphs(schema.get("description"))}'
                f"<div>{self.kind(schema)}</div>{examples}</section>")

    def operations(self, tag):
        return [(method, path, item[method]) for path, item in self.spec["paths"].items()
                for method in METHODS if method in item and tag in item[method]["tags"]]

    def contents(self):
        rows = []
        for tag in self.spec["tags"]:
            routes = "".join(f'<li><a href="#{o["operationId"]}">{m.upper()} {html.escape(p)}</a></li>'
                             for m, p, o in self.operations(tag["name"]))
            rows.append(f"<li>{text(tag['name'])}<ul>{routes}</ul></li>")
        return f'<nav><ul>{"".join(rows)}<li><a href="#schemas">Shapes</a></li></ul></nav>'

    def render(self):
        info = self.spec["info"]
        tags = "".join(f"<h2>{text(tag['name'])}</h2>{paragraphs(tag['description'])}"
                       + "".join(self.operation(*one) for one in self.operations(tag["name"]))
                       for tag in self.spec["tags"])
        return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
                f'<meta name="viewport" content="width=device-width"><title>{text(info["title"])}</title>'
                f'<link rel="stylesheet" href="/docs/style.css"></head><body>{self.contents()}<main>'
                f'<h1>{text(info["title"])} {info["version"]}</h1>{paragraphs(info["description"])}'
                f'<p>For programs: <a href="/openapi.yaml">/openapi.yaml</a>; the events on Kafka: '
                f'<a href="/asyncapi.yaml">/asyncapi.yaml</a>.</p>{tags}'
                f'<h2 id="schemas">Shapes</h2>{"".join(map(self.schema, self.schemas))}'
                f"</main></body></html>\n")


def main():
    source, output = sys.argv[1:]
    with open(source, encoding="utf-8") as spec:
        page = Page(yaml.safe_load(spec)).render()
    with open(output, "w", encoding="utf-8") as out:
        out.write(page)


main()
