"""`troupe sim` beside running nodes."""

import re
import subprocess


def start(nodes, *arguments, settings=()):
    """The harness against these; the databases for the audit come with the first's environment."""
    urls = (f"--url=http://127.0.0.1:{node.ports['gateway']}" for node in nodes)
    return subprocess.Popen(
        [nodes[0].binary, "sim", *arguments, *urls],
        cwd=nodes[0].folder, env=nodes[0].environment(dict(settings)), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end(run, limit=60):
    """Its exit code and what it said."""
    said, _ = run.communicate(timeout=limit)
    return run.returncode, said


def run_name(run):
    """The first line names the run; its users and products bear the name."""
    first = run.stdout.readline()
    return re.search(r"run (\w+)", first).group(1)


def counts(said):
    """Orders, users and violations of the verdict."""
    return tuple(map(int, re.search(
        r"verdict: (\d+) orders of (\d+) users, (\d+) violations", said).groups()))
