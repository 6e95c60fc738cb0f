"""The schemas of docs/openapi.yaml and docs/asyncapi.yaml, and what of a value does not fit them."""

import functools
from decimal import Decimal
from pathlib import Path

import jsonschema
import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs"


def multiple_of(_, factor, instance, __):
    """As people count: 0.07 is a multiple of 0.01, whatever doubles say."""
    if isinstance(instance, (int, float)) and Decimal(str(instance)) % Decimal(str(factor)):
        yield jsonschema.ValidationError(f"{instance} is no multiple of {factor}")


EXACT = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"multipleOf": multiple_of})


@functools.cache
def document(name):
    return yaml.safe_load((DOCS / name).read_text())


@functools.cache
def validator(name, place):
    return EXACT({"$ref": place}, resolver=jsonschema.RefResolver("", document(name)))


def errors_of(name, place, instance):
    """How the instance breaks the schema at this JSON pointer of the document."""
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in validator(name, place).iter_errors(instance)]


def escaped(key):
    return key.replace("~", "~0").replace("/", "~1")
