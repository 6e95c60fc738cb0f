// What services could not apply: dead letters and parked events, looked at, replayed, discarded.

import { nextCursor, url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { go, href } from "../lib/router.js";
import { time } from "../lib/time.js";
import { agreed, banner, busy, empty } from "../lib/ui.js";
import { ask, sentence } from "./desk.js";
import { listPage, pager, pills, refreshButton } from "./list_page.js";

const pageSize = 20;
const states = [["", "Dead letters"], ["parked", "Parked events"]];
const services = [["", "All services"], ["order", "Order"], ["payment", "Payment"], ["inventory", "Inventory"], ["emailing", "E-mails"]];

/** JSON is written out in lines; anything else stays as it is. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function valueView(row) {
  if (row.value === null) return h("p", { class: "muted small" }, "It has no value (a tombstone).");
  const bytes = row.encoding === "base64";
  return h("details", { class: "letter-value" },
    h("summary", {}, bytes ? "Value (not text: in base64)" : "Value"),
    h("pre", { tabindex: 0 }, bytes ? row.value : readable(row.value)));
}

function facts(row) {
  const place = `${row.topic}, partition ${row.partition}, offset ${row.offset}`;
  const rows = [["Where", place], ["Key", `${row.key}${row.keyEncoding ? " (base64)" : ""}`], ["Read by", row.consumer], ["Since", time(row.createdAt)],
    ["Order", row.orderId && h("a", { href: href(`/orders/${row.orderId}`) }, row.orderId)]];
  return h("dl", { class: "pairs" }, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", { class: "breaking" }, value)]));
}

/** `told(result)` hears of {kind, title, text} that takes it out of the list. */
function letterView(row, told) {
  const path = `/dead-letters/${encodeURIComponent(row.id)}`;
  const outcome = h("div", {});
  const act = async (work) => {
    try {
      const result = await work();
      if (!result) return;
      if (result.gone) await told(result);
      else fill(outcome, banner(result.kind, result.title, result.text));
    } catch (error) {
      fill(outcome, banner("bad", "Nothing was done", sentence(error)));
    }
  };
  const replay = h("button", { class: "btn btn-sm btn-primary", type: "button", "aria-label": `Replay ${row.topic} ${row.id}`, onclick: () => busy(replay, () => act(() => replayed(row, path))) }, "Replay");
  const discard = h("button", { class: "btn btn-sm btn-quiet", type: "button", "aria-label": `Discard ${row.topic} ${row.id}`, onclick: () => busy(discard, () => act(() => discarded(row, path))) }, "Discard");
  return h("li", { class: "panel letter", "data-letter": row.id },
    h("div", { class: "row-between" },
      h("h2", { class: "panel-title" }, row.topic, " ", h("span", { class: "service" }, row.service)),
      h("div", { class: "page-actions" }, replay, discard)),
    h("p", { class: "letter-error breaking" }, row.error || "It waits for an event that must come first."),
    facts(row), valueView(row), outcome);
}

async function replayed(row, path) {
  const yes = await agreed({
    title: "Replay it?", yes: "Replay", no: "Not now", danger: false,
    text: `The ${row.service} service gets ${row.topic} once more. What was applied before is not applied twice.`,
  });
  if (!yes) return null;
  const { data } = await ask("POST", `${path}/replay`, { body: {} });
  return data.outcome === "applied"
    ? { gone: true, kind: "good", title: "It is applied", text: `The ${row.service} service has taken ${row.topic}.` }
    : { kind: "bad", title: "It failed again, and stays here", text: data.error };
}

async function discarded(row, path) {
  const yes = await agreed({
    title: "Discard it?", yes: "Discard", no: "Keep it",
    text: `The ${row.service} service will never apply this ${row.topic}. This cannot be undone.`,
  });
  if (!yes) return null;
  await ask("DELETE", path);
  return { gone: true, kind: "info", title: "It is discarded", text: `${row.topic} of the ${row.service} service is out of the list.` };
}

function serviceFilter() {
  let now = {};
  const select = h("select", { class: "form-select", "aria-label": "Service", onchange: () => go(href("/letters", { state: now.state, service: select.value })) },
    services.map(([value, name]) => h("option", { value }, name)));
  return {
    node: select,
    set: (query) => {
      now = query;
      select.value = query.service ?? "";
    },
  };
}

function nothing(query) {
  return query.state === "parked"
    ? empty({ title: "Nothing is parked", text: "Every event found the order that it is about.", icon: "check" })
    : empty({ title: "No dead letters", text: "Every event could be applied, or was dealt with.", icon: "check" });
}

/** A page of them, `query` {state, service, cursor}. */
async function load({ state, service, cursor }, signal) {
  const { data, headers } = await ask("GET", url("/dead-letters", { state, service, cursor, limit: pageSize }), { signal });
  return { rows: data, next: nextCursor(headers) };
}

export const letters = (context) => listPage(context, (say, refresh) => {
  const told = ({ kind, title, text }) => say(banner(kind, title, text));
  return {
    title: "Dead letters",
    noun: "letter",
    actions: refreshButton(refresh),
    controls: [pills({ label: "What", path: "/letters", name: "state", options: states }), serviceFilter()],
    load: (query) => load(query, context.signal),
    view: ({ rows, next }, query) => [
      rows.length > 0 ? h("ul", { class: "plain-list stack" }, rows.map((row) => letterView(row, told))) : nothing(query),
      pager("/letters", query, next),
    ],
    // One service out of reach hides the letters of all.
    failed: (error, query) => error.status === 503 && !query.service
      && banner("info", error.message, "Choose a service above: the others answer by themselves."),
  };
});
