"""The database's own ceiling: the rows of whole lifecycles, written in sets of 200 orders, one
connection a database, all five at once. A set is one transaction in one round trip; what is not an
id is computed in the statement, so that hardly anything is sent."""

import time
import uuid

import rows

BATCH = 200
USERS = 400
JOURNALS = ("orders", "payments", "inventory")


def source(ids, first):
    listed = ", ".join(f"'{id}'" for id in ids)
    return ("select id, now() as at, 'bench-' || n % " + str(USERS) + f" as usr, {first} + n * "
            f"{rows.POSITIONS} as first from unnest(array[{listed}]) with ordinality u(id, n)"
            " offset 0")


def products(template, moves):
    """As many pieces as the set's orders hold, spread over the products of the load."""
    pieces = sum(int(row["quantity"]) for row in template.rows["orders", "order_items"]) * BATCH
    changed = ", ".join(f"{name} = {name} {sign} {pieces} / (select count(*) from products)"
                        for name, sign in moves)
    return (f"update products set {changed}, version = version + 1, updated_at = now(),"
            " changed_by = pg_current_xact_id()")


def watermark(first):
    last = first + (BATCH + 1) * rows.POSITIONS
    return (f"insert into watermarks values ({first >> rows.STREAM_BITS}, {last}) on conflict"
            " (stream) do update set position = excluded.position, updated_at = now()")


def as_they_end(template, database, orders, first):
    """Every row once, as the lifecycle leaves it."""
    statements = template.inserts(database, orders)
    if database == "inventory":
        statements.append(products(template, [("stock", "-"), ("sold", "+")]))
    if database in JOURNALS:
        statements.append(watermark(first))
    return [statements]


def step_by_step(template, database, orders, first):
    """As a lifecycle goes: a transaction a step, the rows of what has a state written anew in each."""
    steps = STEPS[database](template, orders)
    more = [watermark(first)] if database in JOURNALS else []
    return [step + more for step in steps]


def order_steps(template, orders):
    def part(table, wanted, **other):
        return template.insert("orders", table, orders, wanted, **other)
    history = template.journal("orders", "order_status_history")
    keys = template.rows["orders", "idempotency_keys"]
    soon = "o.at + interval '30 minutes'"
    steps = []
    for row in history:
        status, payment = rows.literal(row["status"]), rows.literal(row["payment_status"])
        transaction = "o.id" if row["payment_status"] == "SUCCESS" else "''"
        if row is history[0]:
            step = [part("orders", None, status=status, payment_status=payment, version="1",
                         attempt="0", transaction_id="''", deadline_at=soon),
                    part("order_items", None)]
        else:
            step = [f"update orders set status = {status}, payment_status = {payment}, version ="
                    f" {row['version']}, updated_at = o.at, attempt = 1, transaction_id ="
                    f" {transaction}, deadline_at ="
                    f" {'null' if row is history[-1] else soon} from ({orders}) o"
                    " where orders.id = o.id"]
        step.append(part("order_status_history", [row]))
        own = [key for key in keys if key["version"] == row["version"]]
        steps.append(step + [part("idempotency_keys", own)] if own else step)
    return steps


def payment_steps(template, orders):
    def part(table, wanted=None, **other):
        return template.insert("payments", table, orders, wanted, **other)
    begun, captured = template.journal("payments", "payment_journal")
    no_transaction = {"status": "'PENDING'", "transaction_id": "null::text"}
    return [[part("payments", step="1", **no_transaction),
             part("payment_attempts", **no_transaction), part("payment_journal", [begun])],
            [f"update payments set status = 'SUCCESS', transaction_id = o.id, step = 2,"
             f" updated_at = o.at from ({orders}) o where order_id = o.id",
             f"update payment_attempts set status = 'CAPTURED', transaction_id = o.id,"
             f" updated_at = o.at from ({orders}) o where order_id = o.id",
             part("payment_journal", [captured])]]


def stock_steps(template, orders):
    reserve, sell = template.journal("inventory", "stock_ledger")
    return [[template.insert("inventory", "stock_orders", orders, state="'reserved'", step="1",
                             version="1"),
             template.insert("inventory", "stock_ledger", orders, [reserve]),
             products(template, [("stock", "-"), ("reserved", "+")])],
            [f"update stock_orders set state = 'sold', step = 2, version = 2, updated_at = o.at"
             f" from ({orders}) o where order_id = o.id",
             template.insert("inventory", "stock_ledger", orders, [sell]),
             products(template, [("reserved", "-"), ("sold", "+")])]]


def notice_steps(template, orders):
    emails = {row["id"]: row for row in template.rows["emailing", "emails"]}
    steps = [[template.insert("emailing", "notifications", orders, [row]),
              template.insert("emailing", "emails", orders, [emails[row["id"]]],
                              status="'PENDING'", sent_at="null::timestamptz")]
             for row in template.rows["emailing", "notifications"]]
    steps[0].insert(0, template.insert("emailing", "order_users", orders))
    by_id = "where id in (" + " union all ".join(
        f"select {template.own('emailing', id)} from ({orders}) o" for id in emails) + ")"
    return steps + [[f"update emails set next_try_at = now() + interval '1 minute' {by_id}"],
                    [f"update emails set status = 'SENT', sent_at = now() {by_id}"]]


def ledger_steps(template, orders):
    return [template.inserts("gateway", orders)]


STEPS = {"orders": order_steps, "payments": payment_steps, "inventory": stock_steps,
         "emailing": notice_steps, "gateway": ledger_steps}


def write(databases, template, way, batches):
    """The seconds that it took to write so many sets into all five databases. The ids are the same in
    all of them."""
    ids = [["c" + uuid.uuid4().hex[:24] for _ in range(BATCH)] for _ in range(batches)]
    streams = rows.new_streams(databases)

    def write_sets(cursor, database):
        for number, of_set in enumerate(ids):
            first = streams[database] + number * (BATCH + 1) * rows.POSITIONS
            for statements in way(template, database, source(of_set, first), first):
                cursor.execute("; ".join(statements))

    began = time.monotonic()
    rows.in_each_database(databases, write_sets)
    return time.monotonic() - began
