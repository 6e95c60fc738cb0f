"""What is old is removed while the shop goes on, and what was told is not told again."""

import audit
from client import until
from test_repeats import await_consumed

SETTINGS = {"TROUPE_RETENTION_INTERVAL_S": "1"}


def ids(client):
    return [note["id"] for note in client.get("/notifications").json]


def test_what_is_old_goes_and_is_not_done_again(instance, broker):
    instance.running(SETTINGS)
    troupe, client = instance, instance.client(user="keeper")
    product = troupe.new_product()
    order = client.place(product, key="old-key").json["id"]
    assert client.pay(order).json["success"]
    client.await_order(order, "CONFIRMED")
    told = until(lambda: client.get("/notifications").json, lambda all: len(all) == 3)
    for note in told[1:]:
        assert client.ask("PUT", f"/notifications/{note['id']}/read").status == 200
    audit.await_sound(troupe)
    until(lambda: troupe.db.run("emailing", "select 1 from emails where user_id = 'keeper'"
                                " and status <> 'SENT'"), lambda rows: not rows)
    troupe.db.run("emailing", "update notifications set created_at = created_at"
                  " - interval '91 days' where user_id = 'keeper'")
    troupe.db.run("emailing", "update emails set sent_at = sent_at - interval '31 days'"
                  " where user_id = 'keeper'")
    troupe.db.run("orders", "update idempotency_keys set created_at = created_at"
                  " - interval '25 hours' where order_id = %s", (order,))
    until(lambda: ids(client), lambda left: left == [told[0]["id"]])
    until(lambda: troupe.db.run("emailing", "select 1 from emails where user_id = 'keeper'"),
          lambda rows: not rows)
    until(lambda: troupe.db.run("orders", "select 1 from idempotency_keys where order_id = %s",
                                (order,)), lambda rows: not rows)
    for topic in ("order-created", "payment-success", "notification-requested"):
        record, = broker.records(topic, order)
        broker.again(record)
    await_consumed(troupe)
    assert ids(client) == [told[0]["id"]]
    assert troupe.db.one("emailing", "select count(*) from emails where user_id = 'keeper'") == 0
    assert 'troupe_retention_removed_total{kind="emails"}' in client.get("/metrics").body.decode()
    audit.await_sound(troupe)
