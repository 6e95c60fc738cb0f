// One order's story as every service tells it: what happened, when, and who says so.

import { h } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { statusText } from "../lib/orders.js";
import { time } from "../lib/time.js";

/** Steps of a moment differ in milliseconds. */
const exact = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

const names = { order: "Order", payment: "Payment", inventory: "Inventory", emailing: "E-mails" };

const entry = (service, at, title, { detail, kind = "step" } = {}) => ({ service, at, title, detail, kind });

/** Of a part by service; a service that did not answer has none. */
const each = (part, f) =>
  Object.entries(part ?? {}).flatMap(([service, rows]) => (Array.isArray(rows) ? rows.map((row) => f(service, row)) : []));

const outcomes = { CAPTURED: "approved", DECLINED: "declined", VOIDED: "called off" };

function outcomeOf(attempt) {
  const refund = attempt.refund && `refund ${attempt.refund.status.toLowerCase()}, tried ${attempt.refund.tries} times`;
  return [attempt.transactionId && `transaction ${attempt.transactionId}`, attempt.reason, refund].filter(Boolean).join(" · ");
}

const begun = (payment) => (payment.attempts ?? []).map((one) =>
  entry("payment", one.createdAt, `Payment attempt ${one.attempt} began`, { detail: money(one.amount) }));

const ended = (payment) => (payment.attempts ?? []).filter((one) => one.status !== "PENDING").map((one) =>
  entry("payment", one.updatedAt, `Payment attempt ${one.attempt}: ${outcomes[one.status] ?? one.status}`, { detail: outcomeOf(one) }));

const ofStock = (stock) => (stock.updatedAt ? [entry("inventory", stock.updatedAt, `Stock is ${stock.state}`,
  { detail: stock.lines.map((line) => `${line.quantity} × ${line.productId}`).join(", ") })] : []);

/** Everything that has a time, oldest first; of one millisecond, what brings about a state of the order before it. */
function entries(order, d) {
  const letter = (kind, title) => (service, row) =>
    entry(service, row.createdAt, `${title} ${row.topic}`, { kind, detail: `${row.partition}/${row.offset}${row.error ? ` · ${row.error}` : ""}` });
  return [
    ...ended(d.payment), ...ofStock(d.stock),
    ...(order?.statusHistory ?? []).map((one) => entry("order", one.timestamp, statusText(one.status), { detail: one.message, kind: "state" })),
    ...begun(d.payment),
    ...each(d.events, (service, one) => entry(service, one.at, one.topic, { kind: "event", detail: one.published ? "published" : "not published yet" })),
    ...each(d.parked, letter("parked", "Parked:")),
    ...each(d.deadLetters, letter("dead", "Dead letter:")),
  ].sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

const kinds = { state: "State", step: "Step", event: "Event", parked: "Parked", dead: "Dead letter" };

/** `order` may be null, when only the diagnosis is known. */
export function timeline(order, d) {
  return h("ol", { class: "timeline" }, entries(order, d).map((one) =>
    h("li", { class: `timeline-entry is-${one.kind}` },
      h("div", { class: "timeline-head" }, h("span", { class: "service" }, names[one.service] ?? one.service), h("span", { class: "muted small" }, kinds[one.kind]), time(one.at, exact.format(new Date(one.at)))),
      h("div", { class: "timeline-title" }, one.title),
      one.detail && h("div", { class: "muted small breaking" }, one.detail))));
}

/** The services that did not tell of their part, as sentences. */
export function silent(d) {
  const parts = [[d.owner?.unavailable, "the order service"], [d.payment.unavailable, "the payment service"], [d.stock.unavailable, "the inventory service"],
    [d.parked.emailing?.unavailable, "the emailing service"]];
  return parts.filter(([away]) => away).map(([, name]) => name);
}
