// How Troupe itself does: services and what they depend on, lag, throughput and the watchdog, from
// the gateway's /health and /metrics, which tell of all services.

import { ApiError } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { repeat } from "../lib/live.js";
import { count } from "../lib/money.js";
import { statusText } from "../lib/orders.js";
import { href } from "../lib/router.js";
import { banner, skeleton } from "../lib/ui.js";
import { ask, head, sentence } from "./desk.js";
import { scrape } from "./metrics.js";

const every = 3000;
const services = [["order", "Orders"], ["payment", "Payments"], ["inventory", "Inventory"], ["emailing", "E-mails"]];
const words = { up: ["Up", "is-good"], degraded: ["Degraded", "is-warn"], down: ["Down", "is-bad"], starting: ["Starting", "is-warn"], draining: ["Ending", "is-warn"] };

/** {status, checks}: 503 says it too. */
async function health(signal) {
  try {
    return (await ask("GET", "/health/ready", { signal, timeout: 5000 })).data;
  } catch (error) {
    if (error instanceof ApiError && error.problem.checks) return error.problem;
    throw error;
  }
}

const badge = (status) => h("span", { class: `status ${words[status]?.[1] ?? ""}` }, words[status]?.[0] ?? status);

// --- services ---

/** "order.database" → of order: database. */
const checksOf = (service, checks) =>
  Object.entries(checks).filter(([name]) => name.startsWith(`${service}.`)).map(([name, check]) => [name.slice(service.length + 1), check]);

const gravity = ["up", "degraded", "down"];
const worst = (checks) => checks.reduce((so, [, check]) => (gravity.indexOf(check.status) > gravity.indexOf(so) ? check.status : so), "up");

function serviceCard([service, name], checks) {
  const own = checksOf(service, checks);
  return h("section", { class: "panel service-card", "data-service": service },
    h("div", { class: "row-between" }, h("h2", { class: "panel-title" }, name), badge(worst(own))),
    h("ul", { class: "plain-list checks" }, own.map(([what, check]) => h("li", {},
      h("div", { class: "row-between" }, h("span", { class: "check-name" }, what), badge(check.status)),
      check.detail && h("div", { class: "muted small" }, check.detail)))));
}

// --- figures ---

const rate = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const perSecond = (number) => (number === null ? "…" : `${rate.format(number)}/s`);
const plain = (number) => (number === null ? "–" : count(number));

function figures(title, note, rows) {
  return h("section", { class: "panel" }, h("h2", { class: "panel-title" }, title), h("p", { class: "muted small" }, note),
    h("dl", { class: "pairs is-figures" }, rows.map(([name, value, alarm]) => [h("dt", {}, name), h("dd", { class: alarm && "is-bad" }, value)])));
}

function throughput(now, before) {
  const by = (name) => now.rate(before, name);
  return figures("Throughput", "Since the last look.", [
    ["Requests answered", perSecond(by("troupe_http_requests_total"))],
    ["Order steps committed", perSecond(by("troupe_journal_committed_total"))],
    ["Events published", perSecond(by("troupe_kafka_published_total"))],
    ["Events consumed", perSecond(by("troupe_kafka_consumed_total"))],
    ["Orders in memory", plain(now.sum("troupe_orders_live"))],
    ["Clients that wait for a change", plain(now.sum("troupe_http_waiting"))],
    ["Memory", now.sum("troupe_resident_bytes") === null ? "–" : `${count(Math.round(now.sum("troupe_resident_bytes") / 2 ** 20))} MiB`],
  ]);
}

function lag(now) {
  const groups = now.by("group", "troupe_kafka_consumer_lag");
  return figures("Lag", "Records of Kafka that a service has yet to do.", [
    ...groups.map(([group, value]) => [group, plain(value)]),
    ["Events to publish", plain(now.sum("troupe_kafka_publish_queue"))],
  ]);
}

function watchdog(now) {
  const total = now.sum("troupe_orders_overdue");
  const overdue = now.by("state", "troupe_orders_overdue").filter(([, value]) => value > 0);
  const quarantined = now.sum("troupe_orders_quarantined");
  const dead = now.sum("troupe_dead_letters", { state: "open" });
  return figures("Watchdog", "Orders past their deadline, and what needs somebody.", [
    ["Overdue orders", plain(total), total > 0],
    ...overdue.map(([state, value]) => [statusText(state), h("a", { href: href("/orders", { status: state }) }, plain(value)), true]),
    ["Quarantined orders", plain(quarantined), quarantined > 0],
    ["Open dead letters", h("a", { href: "#/letters" }, plain(dead)), dead > 0],
    ["Parked events", h("a", { href: href("/letters", { state: "parked" }) }, plain(now.sum("troupe_parked_events")))],
    ["Shards owned by this node", plain(now.sum("troupe_shards_owned"))],
  ]);
}

// --- the page ---

const overall = (status) => (status === "up" ? banner("good", "Everything is up")
  : banner(status === "down" ? "bad" : "warn", `Troupe is ${words[status]?.[0].toLowerCase() ?? status}`, "What its services depend on is below; orders go on as far as they can."));

const whole = (ready, metrics, before) => [
  h("div", { class: "services" }, services.map((service) => serviceCard(service, ready.checks))),
  h("div", { class: "figures" }, throughput(metrics, before), lag(metrics), watchdog(metrics)),
];

/** As fill; a link that has the focus keeps it. */
function refill(body, nodes) {
  const at = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  fill(body, nodes);
  if (at) body.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus({ preventScroll: true });
}

/** Calls `look` every few seconds while the page is seen, and at once when it is seen again. */
function whileSeen(look, signal) {
  document.addEventListener("visibilitychange", () => document.hidden || look(), { signal });
  repeat(look, every, signal);
}

export async function system({ signal, show }) {
  let before = null;
  let paused = false;
  let asking = false;
  const state = h("div", { role: "status" });
  const updated = h("p", { class: "muted" });
  const body = h("div", {}, skeleton(8));

  /** Only when it changes: a screen reader hears what is put in there. */
  function tell(status, said) {
    if (state.dataset.status === status) return;
    state.dataset.status = status;
    fill(state, said);
  }

  async function look() {
    if (paused || asking) return;
    asking = true;
    try {
      const [ready, metrics] = await Promise.all([health(signal), scrape(signal)]);
      tell(ready.status, overall(ready.status));
      refill(body, whole(ready, metrics, before));
      fill(updated, `Looked at ${new Date().toLocaleTimeString()}, again every ${every / 1000} s while you see this page.`);
      body.classList.remove("is-stale");
      before = metrics;
    } catch (error) {
      if (signal.aborted) return;
      tell("away", banner("bad", "Troupe does not answer", `${sentence(error)} Trying again every ${every / 1000} s.`));
      body.classList.add("is-stale");
    } finally {
      asking = false;
    }
  }

  function toggle() {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    fill(updated, paused ? "Paused: what is below does not change." : "Looking…");
    look();
  }
  const pause = h("button", { class: "btn btn-quiet", type: "button", "aria-pressed": "false", onclick: toggle }, "Pause");
  show("System", head("System", pause), updated, state, body);
  whileSeen(look, signal);
}
