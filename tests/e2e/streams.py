"""Clients that wait, each on a connection of its own: streams read piece by piece, and long-polls."""

import email
import re
import socket
import time

import described
from client import HOST, Answer


class Waiting:
    """One request. What comes back is held to docs/openapi.yaml, as far as it is read."""

    def __init__(self, port, path, user, headers=None, receive_buffer=None):
        self.path = path
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((HOST, port))
        self.bytes = b""
        lines = {"Host": "localhost", "X-User-Id": user, **(headers or {})}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())

    def read_until(self, holds, limit):
        deadline = time.monotonic() + limit
        while not holds(self.bytes):
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            some = self.socket.recv(1 << 16)
            assert some, f"ended too early: {self.bytes[-300:]!r}"
            self.bytes += some

    def take(self, count):
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def read_to(self, mark, limit=20):
        """All up to and with `mark`."""
        mark = mark.encode()
        self.read_until(lambda read: mark in read, limit)
        return self.take(self.bytes.index(mark) + len(mark)).decode()

    def read_head(self, limit):
        line, _, fields = self.read_to("\r\n\r\n", limit).partition("\r\n")
        return int(line.split()[1]), email.message_from_string(fields)

    def answer(self, limit=20):
        """A whole answer that is no stream."""
        status, headers = self.read_head(limit)
        length = int(headers.get("Content-Length", 0)) if status != 304 else 0
        self.read_until(lambda read: len(read) >= length, limit)
        answer = Answer(status, headers, self.take(length))
        described.hold("GET", self.path, answer)
        return answer

    def opened(self):
        status, headers = self.read_head(20)
        assert status == 200, self.bytes
        described.hold("GET", self.path, Answer(status, headers, b""))
        return self

    def event(self, limit=20):
        """(name, id, data)"""
        text = self.read_to("\n\n", limit)
        found = re.search(r"event: (\S+)\nid: (\d+)\ndata: (.*)\n\n", text)
        assert found, text
        return found[1], int(found[2]), described.hold_event(self.path, found[1], found[3])

    def await_end(self, limit=20):
        """The end of the answer, as the protocol tells it."""
        self.read_to("\r\n0\r\n\r\n", limit)

    def close(self):
        self.socket.close()


def order_stream(troupe, order, user, **more):
    return Waiting(troupe.ports["gateway"], f"/orders/{order}/stream", user, **more)


def notices(troupe, user, seen=None, **more):
    headers = {} if seen is None else {"Last-Event-ID": str(seen)}
    return Waiting(troupe.ports["emailing"], "/notifications/stream", user, headers, **more)


def poll(troupe, order, user, version, wait=30):
    return Waiting(troupe.ports["order"], f"/orders/{order}", user,
                   {"If-None-Match": f'"{version}"', "Prefer": f"wait={wait}"})
