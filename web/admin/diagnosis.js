// Why one order is where it is: what it waits for, and its timeline across the services.

import { fill, h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { paymentText, shortId, statusBadge } from "../lib/orders.js";
import { href } from "../lib/router.js";
import { time } from "../lib/time.js";
import { banner, empty, skeleton } from "../lib/ui.js";
import { get, head, many, sentence, tell } from "./desk.js";
import { refreshButton } from "./list_page.js";
import { actions } from "./order_actions.js";
import { silent, timeline } from "./timeline.js";

// What the codes of `waitingFor` mean for the operator.
const yours = ["dispatch", "delivery", "dead_letter", "refund_refused", "quarantined", "owner"];
const fine = ["nothing"];

function waiting(d) {
  const { code, text } = d.waitingFor;
  const kind = d.overdue || yours.includes(code) ? "warn" : fine.includes(code) ? "good" : "info";
  const letters = code === "dead_letter" || code === "parked";
  return banner(kind, text,
    d.overdue && h("p", {}, `It is overdue${d.rounds > 0 ? `: its deadline passed ${count(d.rounds)} times without a change` : ""}.`),
    letters && h("p", {}, h("a", { href: href("/letters", { state: code === "parked" ? "parked" : "" }) }, "To the letters")));
}

function missing(d) {
  const away = silent(d);
  return away.length > 0 && banner("warn", "Not the whole story", `There is no answer from ${away.join(" and ")}: what it knows is missing below.`);
}

/** A list of terms; what is null is left out. */
function facts(rows) {
  return h("dl", { class: "pairs" }, rows.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

const unavailable = () => h("p", { class: "status is-warn" }, "Unavailable");
const panel = (title, ...body) => h("section", { class: "panel" }, h("h2", { class: "panel-title" }, title), body);

function orderPanel(order, d) {
  return panel("Order",
    order === null ? unavailable() : facts([
      ["State", statusBadge(order.status)], ["Payment", paymentText(order.paymentStatus)], ["Customer", order.userId],
      ["Placed", time(order.createdAt)], ["Total", money(order.totalAmount)], ["Version", String(order.version)],
      ["Deadline", d.deadlineAt && time(d.deadlineAt)],
    ]),
    order && h("ul", { class: "plain-list small" }, order.items.map((line) => h("li", {}, `${count(line.quantity)} × ${line.product.name}, ${money(line.price)} each`))));
}

function paymentPanel(payment) {
  if (payment.unavailable) return panel("Payment", unavailable());
  if (payment.status === null) return panel("Payment", h("p", { class: "muted" }, "Nobody has tried to pay yet."));
  return panel("Payment", facts([["State", payment.status], ["Amount", money(payment.amount)], ["Transaction", payment.transactionId], ["Attempts", count(payment.attempts.length)]]));
}

function stockPanel(stock) {
  if (stock.unavailable) return panel("Stock", unavailable());
  if (stock.state === null) return panel("Stock", h("p", { class: "muted" }, "The inventory service does not know it yet."));
  return panel("Stock", facts([["State", stock.state], ["Since", time(stock.updatedAt)]]),
    h("ul", { class: "plain-list small" }, stock.lines.map((line) => h("li", {}, `${count(line.quantity)} × ${line.productId}, ${count(line.available)} more in stock`))));
}

function ownerPanel(owner) {
  if (owner === null) return false;
  const actor = { idle: "not in memory", live: "in memory", elsewhere: "on another node" };
  return panel("Where it lives", owner.unavailable ? unavailable() : facts([
    ["Node", owner.node ?? "none"], ["Shard", String(owner.shard)], ["Epoch", String(owner.epoch)], ["Serving", owner.serves ? "yes" : "no"],
    ["Actor", owner.actor && (actor[owner.actor] ?? owner.actor)]]));
}

function letterCount(d) {
  const all = Object.values({ ...d.deadLetters }).concat(Object.values(d.parked)).filter(Array.isArray);
  return all.reduce((sum, rows) => sum + rows.length, 0);
}

/** [diagnosis, order], in this order: asking for the order loads it into memory, where the diagnosis
 * would see it. The order is null while its database is away. */
async function load(path, signal) {
  const d = await get(`${path}/diagnosis`, { signal });
  const order = await get(`${path}?scope=all`, { signal }).catch((error) => {
    if (error.status < 500) throw error;
    return null;
  });
  return [d, order];
}

function whole(d, order) {
  const letters = letterCount(d);
  return [waiting(d), missing(d),
    letters > 0 && banner("warn", many(letters, "event"), "of this order could not be applied yet. ", h("a", { href: "#/letters" }, "Replay or discard")),
    h("div", { class: "diagnosis" },
      h("section", { class: "panel", "aria-labelledby": "timeline-title" }, h("h2", { class: "panel-title", id: "timeline-title" }, "Timeline"), timeline(order, d)),
      h("div", { class: "stack" }, orderPanel(order, d), paymentPanel(d.payment), stockPanel(d.stock), ownerPanel(d.owner)))];
}

const unknown = () => empty({
  title: "No such order", text: "Its id may be mistyped.", heading: "h1", icon: "search",
  action: h("a", { class: "btn btn-primary", href: "#/orders" }, "All orders"),
});

export async function diagnosis({ params, signal, show }) {
  const path = `/orders/${encodeURIComponent(params.id)}`;
  const title = `Order ${shortId(params.id)}`;
  const message = h("div", { role: "status" });
  const body = h("div", {}, skeleton(8));
  const buttons = h("div", { class: "page-actions" });

  async function refresh() {
    const [d, order] = await load(path, signal);
    fill(buttons, order && actions(order, { done, failed, all: true }), again);
    fill(body, whole(d, order));
  }
  const refreshed = () => refresh().catch((error) => signal.aborted || fill(message, banner("bad", "It cannot be looked at", sentence(error))));
  const again = refreshButton(refreshed);
  const say = async (said) => {
    await refreshed();
    tell(message, said);
  };
  const done = ({ text }) => say(banner("good", text));
  const failed = (error) => say(banner("bad", "Nothing was done", sentence(error)));

  show(title, h("p", {}, h("a", { href: "#/orders" }, "All orders")), head(title, buttons), h("p", { class: "muted small breaking" }, params.id), message, body);
  try {
    await refresh();
  } catch (error) {
    if (error.status !== 404) throw error;
    show("No such order", unknown());
  }
}
