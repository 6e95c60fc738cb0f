// The shop at a glance: what needs somebody, and how it sells.

import { h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { allStatuses, statusText } from "../lib/orders.js";
import { href } from "../lib/router.js";
import { day, time } from "../lib/time.js";
import { banner, busy, skeleton, toast } from "../lib/ui.js";
import { chart } from "./charts.js";
import { get, head, many, sentence } from "./desk.js";
import { scrape } from "./metrics.js";

const shortMoney = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD", notation: "compact" });

const unknown = "?";

/** A figure that leads to where something can be done about it. `alarm`: above 0 somebody must look. */
function stat({ name, value, note, to, alarm = false }) {
  const bad = alarm && value > 0;
  return h("a", { class: bad ? "panel stat is-bad" : "panel stat", href: to },
    h("span", { class: "stat-name" }, name),
    h("span", { class: "stat-value" }, typeof value === "number" ? count(value) : value),
    h("span", { class: "stat-note" }, note));
}

function stats({ figures, low, metrics }) {
  const by = figures.ordersByStatus;
  const sum = (name, labels) => (metrics ? metrics.sum(name, labels) ?? 0 : unknown);
  return h("section", { class: "stats", "aria-label": "Key figures" },
    stat({ name: "Revenue today", value: money(figures.revenueToday), note: `${money(figures.totalRevenue)} in all`, to: href("/orders", { status: "COMPLETED" }) }),
    stat({ name: "Orders", value: figures.totalOrders, note: `${count(figures.pendingOrders)} not paid yet`, to: "#/orders" }),
    stat({ name: "To dispatch", value: by.CONFIRMED ?? 0, note: `${count(by.DISPATCHED ?? 0)} on their way`, to: href("/orders", { status: "CONFIRMED" }) }),
    stat({ name: "Low stock", value: low, note: `of ${count(figures.totalProducts)} products`, to: href("/inventory", { show: "low" }), alarm: true }),
    stat({ name: "Dead letters", value: sum("troupe_dead_letters", { state: "open" }), note: metrics ? `${many(metrics.sum("troupe_parked_events") ?? 0, "event")} parked` : unknown, to: "#/letters", alarm: true }),
    stat({ name: "Overdue orders", value: sum("troupe_orders_overdue"), note: "past their deadline", to: "#/system", alarm: true }));
}

// Of the orders that wait for somebody, those that are under way, and how the others ended.
const stateColours = {
  CREATED: "--warn", PAYMENT_PENDING: "--warn", PAYMENT_FAILED: "--bad", CANCELLED: "--edge", COMPLETED: "--good",
};

function charts(figures, signal) {
  const states = allStatuses.map((status) => [statusText(status), figures.ordersByStatus[status] ?? 0]);
  const days = figures.revenueByDay.map((one) => [day(one.date), one.revenue]);
  const best = days.reduce((a, b) => (b[1] > a[1] ? b : a));
  const products = figures.topProducts.map((one) => [one.name, one.quantity]);
  return h("div", { class: "charts" },
    chart({ title: "Revenue by day", says: best[1] > 0 ? `The last 30 days; the best was ${best[0]} with ${money(best[1])}.` : "Nothing was delivered in the last 30 days.",
            rows: days, format: money, axis: (value) => shortMoney.format(value), columns: ["Day (UTC)", "Revenue"], line: true, signal }),
    chart({ title: "Orders by state", says: `${count(figures.totalOrders)} orders, ${count(figures.successfulOrders)} of them delivered.`,
            rows: states, format: count, columns: ["State", "Orders"], horizontal: true, signal,
            colours: allStatuses.map((status) => stateColours[status] ?? "--accent") }),
    products.length > 0 && chart({ title: "Top products", says: `${products[0][0]} sells best: ${count(products[0][1])} pieces.`,
            rows: products, format: count, columns: ["Product", "Pieces sold"], horizontal: true, signal }));
}

/** What is known; the orders' figures are what the page cannot do without. */
async function look(signal) {
  const [figures, stock, metrics] = await Promise.allSettled([
    get("/analytics/orders", { signal }), get("/inventory?limit=1000", { signal }), scrape(signal),
  ]);
  if (figures.status === "rejected") throw figures.reason;
  return {
    figures: figures.value,
    low: stock.status === "fulfilled" ? stock.value.filter((row) => row.lowStock && row.active).length : unknown,
    metrics: metrics.value ?? null,
    missing: [stock, metrics].filter((part) => part.status === "rejected").map((part) => sentence(part.reason)),
  };
}

export async function dashboard({ signal, show }) {
  const again = () => busy(button, refresh).catch((error) => signal.aborted || toast(sentence(error), { kind: "bad" }));
  const button = h("button", { class: "btn btn-quiet", type: "button", onclick: again }, "Refresh");
  const title = head("Dashboard", button);
  let drawings = new AbortController();
  signal.addEventListener("abort", () => drawings.abort());
  show("Dashboard", title, skeleton(8));
  async function refresh() {
    const seen = await look(signal);
    drawings.abort(); // of the charts that are replaced
    drawings = new AbortController();
    show("Dashboard", title, h("p", { class: "muted", role: "status" }, "As of ", time(new Date().toISOString())),
      seen.missing.length > 0 && banner("warn", "Some figures are missing", seen.missing[0]),
      stats(seen), charts(seen.figures, drawings.signal));
  }
  await refresh();
}
