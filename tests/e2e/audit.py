"""What must be true of the five databases once everything has come to rest.

`troupe audit` looks at the promises; what it cannot see is looked at here: whether anything is still
under way, and the e-mails on disk. `await_sound` looks until all is right; what stays wrong fails
with its lines."""

import subprocess

from client import until

DATABASES = ("orders", "payments", "inventory", "emailing")


def await_sound(troupe, limit=40, expected=()):
    """`expected`: names of the audit's checks that must find something, because the test has seen
    to it. Dead letters that a test expects are removed at the end: the next counts on none."""
    until(lambda: problems(troupe, expected), lambda found: not found, limit, pause=0.2)
    if "dead-letters" in expected:
        for database in DATABASES:
            troupe.db.run(database, "delete from dead_letters")


def problems(troupe, expected=()):
    """The cheap looks first: the audit only once they find nothing."""
    return [*under_way(troupe.db), *mailed(troupe)] or audited(troupe, expected)


def audited(troupe, expected=()):
    """A line for each check that has found something, or has not and should have."""
    done = subprocess.run([troupe.binary, "audit", "--quiesced"], cwd=troupe.folder, text=True,
                          env=troupe.environment({}), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    if done.returncode not in (0, 1):
        return [f"the audit cannot look ({done.returncode}): {done.stderr}"]
    found = {}
    for line in done.stdout.splitlines():
        number, name, verdict, *rest = [*line.split("\t"), "", ""]
        if verdict == "FOUND":
            found[name] = f"{number} {name}: {' | '.join(rest).rstrip(' |')}"
    assert bool(found) == (done.returncode == 1), done.stdout
    return [*(line for name, line in found.items() if name not in expected),
            *(f"{name}: nothing found" for name in expected if name not in found)]


def under_way(db):
    for order, status, payment, held, live in db.run(
            "orders", "select id, status, payment_status, stock_held, deadline_at is not null"
            " from orders"):
        if status in ("PAYMENT_PENDING", "PAYMENT_SUCCESS"):
            yield f"order {order} is still {status}"
        if status == "CANCELLED" and (held or payment == "REFUND_PENDING"):
            yield f"order {order} is cancelled, not settled: {payment}, stock held: {held}"
        if live != (status not in ("COMPLETED", "CANCELLED")):
            yield f"order {order} is {status}, live: {live}"
    for row in db.run("payments", "select order_id, attempt, status, refund from payment_attempts"
                      " where status = 'PENDING' or refund in ('PENDING', 'REFUSED')"):
        yield f"an attempt is open: {row}"


def mailed(troupe):
    """An e-mail is claimed for a minute before it is sent: one whose sender was killed waits that
    long, and that is right. It must not be due and left lying."""
    for row in troupe.db.run("emailing", """
            select id, status, next_try_at from emails
             where status = 'PENDING' and next_try_at < clock_timestamp() - interval '3 s'"""):
        yield f"e-mail {row} is due"
    files = {path.name.split("@")[0] for path in troupe.spool.glob("*.eml")}
    for (mail,) in troupe.db.run("emailing", "select id from emails where status = 'SENT'"):
        if mail not in files:
            yield f"e-mail {mail} is sent, and not in the spool"
