"""Holds records of Kafka to docs/asyncapi.yaml: key, headers and value of each that is ours."""

import json
import subprocess

import schemas

DOCUMENT = "asyncapi.yaml"
ENOUGH = 1000  # records of a topic


def messages():
    """The name of each topic's message."""
    channels = schemas.document(DOCUMENT)["channels"].values()
    return {channel["address"]: next(iter(channel["messages"])) for channel in channels}


def is_ours(record):
    """Tests plant records of their own; those bear no name of a service of ours."""
    return record.headers.get("ce_source", "").startswith("/troupe/")


def errors_of(topic, key, headers, payload):
    place = f"#/components/messages/{messages()[topic]}"
    try:
        value = json.loads(payload)
    except (TypeError, ValueError):
        return [f"no JSON: {payload!r}"]
    found = (schemas.errors_of(DOCUMENT, f"{place}/bindings/kafka/key", key)
             + schemas.errors_of(DOCUMENT, f"{place}/headers", headers)
             + schemas.errors_of(DOCUMENT, f"{place}/payload", value))
    if key not in (value.get("orderId"), value.get("userId")):
        found.append(f"the key {key} is neither the order nor the user")
    return found


def topics_of(broker):
    """Those that there are, without Kafka's own."""
    said = subprocess.run(["kcat", "-L", "-J", "-b", broker.address], capture_output=True,
                          check=True, timeout=30)
    names = [topic["topic"] for topic in json.loads(said.stdout)["topics"]]
    return sorted(name for name in names if not name.startswith("__"))


def hold_all(broker):
    """Fails with the first records that are ours and not as described. Returns how many it looked at:
    all of a topic, or every nth, where an overload has left them by the ten thousand."""
    seen, wrong = 0, []
    for topic in set(topics_of(broker)) & set(messages()):
        ours = list(filter(is_ours, broker.records(topic)))
        for record in ours[::len(ours) // ENOUGH + 1]:
            seen += 1
            errors = errors_of(topic, record.key, record.headers, record.payload)
            if errors:
                wrong.append(f"{topic} {record.headers.get('ce_id')}: {'; '.join(errors)}")
    assert not wrong, "\n".join(["not as docs/asyncapi.yaml says:", *wrong[:5]])
    return seen
