"""A private Kafka for the session, and kcat to read and write its topics.

Topics and consumer groups have fixed names, so an instance of Troupe needs a Kafka to itself."""

import json
import subprocess

from guarded import Guarded

# Its data goes with the tests' folder, so it need not end in order.
GUARD = """
source scripts/lib.sh
source scripts/kafka.sh
trap '' INT
kafka_start "$1"
echo "$kafka_port"
while read -r command; do
  case $command in
    stop) kafka_stop "$kafka_child" ;;
    start) kafka_start "$1" ;;
    kill) kill -KILL "$kafka_child"; await_end "$kafka_child" 5 ;;
  esac
  echo "$kafka_port"
done
kill -KILL "$kafka_child" 2>/dev/null || true
"""


class Broker(Guarded):
    def __init__(self, folder):
        super().__init__(GUARD, folder)
        self.address = f"127.0.0.1:{self.port}"

    def kill(self):
        self.tell("kill")

    def guest(self, group, topic):
        """A member of `group` that takes partitions and does nothing with them, until it is ended."""
        return subprocess.Popen(
            ["kcat", "-b", self.address, "-X", "enable.auto.commit=false",
             "-X", "enable.auto.offset.store=false", "-X", "session.timeout.ms=6000",
             "-G", group, topic], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def records(self, topic, key=None):
        """All records of the topic, or those with the key; each partition in its order."""
        return self.records_of([topic], key)

    def records_of(self, topics, key):
        readers = [subprocess.Popen(
            ["kcat", "-C", "-b", self.address, "-t", topic, "-o", "beginning", "-e", "-q", "-J"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for topic in topics]
        found = []
        for reader in readers:
            out, err = reader.communicate(timeout=30)
            assert reader.returncode == 0, err
            found += [Record(json.loads(line.decode(errors="replace"))) for line in out.splitlines()]
        return [r for r in found if key is None or r.key == key]

    def produce(self, topic, key, value, headers=(), partition=None, times=1):
        """Writes the record `times` times; `value` None is a null value."""
        command = ["kcat", "-P", "-b", self.address, "-t", topic, "-K", "\t", "-Z"]
        for name, text in headers:
            command += ["-H", f"{name}={text}"]
        if partition is not None:
            command += ["-p", str(partition)]
        line = key.encode() + b"\t" + (b"" if value is None else value) + b"\n"
        done = subprocess.run(command, input=line * times, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr

    def again(self, record, times=1):
        self.produce(record.topic, record.key, record.payload.encode(), record.header_list,
                     record.partition, times)


class Record:
    def __init__(self, said):
        self.topic = said["topic"]
        self.partition = said["partition"]
        self.offset = said["offset"]
        self.key = said["key"]
        self.payload = said["payload"]
        flat = said.get("headers", [])
        self.header_list = list(zip(flat[::2], flat[1::2]))
        self.headers = dict(self.header_list)

    @property
    def value(self):
        return json.loads(self.payload)

    @property
    def identity(self):
        return self.headers["ce_source"], self.headers["ce_id"]
