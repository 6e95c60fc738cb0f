// Everybody's orders, newest first, by state; dispatched and delivered from here.

import { nextCursor, url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { allStatuses, paymentText, shortId, statusBadge, statusText } from "../lib/orders.js";
import { go, href } from "../lib/router.js";
import { ago, time } from "../lib/time.js";
import { banner, empty } from "../lib/ui.js";
import { ask, sentence } from "./desk.js";
import { listPage, pager, pills, refreshButton } from "./list_page.js";
import { actions } from "./order_actions.js";

const pageSize = 25;

/** A page of the list; `query` is the page's: {status, user, cursor}. */
async function load(query, signal) {
  const { data, headers } = await ask("GET", url("/orders", { scope: "all", status: query.status, userId: query.user, cursor: query.cursor, limit: pageSize }), { signal });
  return { rows: data, next: nextCursor(headers) };
}

const pieces = (order) => order.items.reduce((sum, line) => sum + line.quantity, 0);

function rowView(order, told) {
  return h("tr", { "data-order": order.id },
    h("th", { scope: "row" }, h("a", { href: href(`/orders/${order.id}`), class: "order-link" }, shortId(order.id)),
      h("div", { class: "muted small" }, "by ", order.userId)),
    h("td", { "data-label": "Placed" }, time(order.createdAt, ago(order.createdAt))),
    h("td", { "data-label": "State" }, statusBadge(order.status)),
    h("td", { "data-label": "Payment" }, paymentText(order.paymentStatus)),
    h("td", { class: "number", "data-label": "Pieces" }, count(pieces(order))),
    h("td", { class: "number", "data-label": "Total" }, money(order.totalAmount)),
    h("td", { class: "actions-cell" }, actions(order, told)));
}

function listView(rows, told) {
  return h("div", { class: "panel table-panel" }, h("table", { class: "table stacking" },
    h("caption", { class: "visually-hidden" }, "Orders, newest first"),
    h("thead", {}, h("tr", {}, ["Order", "Placed", "State", "Payment", "Pieces", "Total"].map((name, i) =>
      h("th", { scope: "col", class: i > 3 && "number" }, name)), h("td", {}))),
    h("tbody", {}, rows.map((order) => rowView(order, told)))));
}

/** Narrows the list to one customer. */
function userFilter() {
  let now = {};
  const input = h("input", { class: "form-control", type: "search", "aria-label": "Orders of one customer, by id", placeholder: "Customer id", maxlength: 64 });
  const submit = (event) => {
    event.preventDefault();
    go(href("/orders", { status: now.status, user: input.value.trim() }));
  };
  return {
    node: h("form", { class: "user-form", onsubmit: submit }, input, h("button", { class: "btn btn-quiet", type: "submit" }, "Filter")),
    set: (query) => {
      now = query;
      input.value = query.user ?? "";
    },
  };
}

export const orders = (context) => listPage(context, (say, refresh) => {
  const told = {
    done: ({ now, text }) => say(banner("good", text, h("a", { href: href(`/orders/${now.id}`) }, "Look at it"))),
    failed: (error) => say(banner("bad", "Nothing was done", sentence(error))),
  };
  return {
    title: "Orders",
    noun: "order",
    actions: refreshButton(refresh),
    controls: [
      pills({ label: "State", path: "/orders", name: "status", options: [["", "All"], ...allStatuses.map((status) => [status, statusText(status)])] }),
      userFilter(),
    ],
    load: (query) => load(query, context.signal),
    view: ({ rows, next }, query) => [
      rows.length > 0 ? listView(rows, told) : empty({ title: "No orders here", text: query.cursor ? "There are no older ones." : "None is in this state." }),
      pager("/orders", query, next),
    ],
  };
});
