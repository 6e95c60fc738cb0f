// The products with their units: those that run out first; edited, and added.

import { url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { picture } from "../lib/picture.js";
import { go, href } from "../lib/router.js";
import { banner, empty } from "../lib/ui.js";
import { ask, get } from "./desk.js";
import { sum } from "./ledger.js";
import { listPage, pills } from "./list_page.js";
import { addProduct, editProduct } from "./product_form.js";

const mostLoaded = 1000;
const shownAtOnce = 50;

const views = [["", "All"], ["low", "Low stock"], ["off", "Not sold"]];
const fits = { "": () => true, low: (row) => row.lowStock && row.active, off: (row) => !row.active };

/** What runs out and is sold comes first. */
function urgent(a, b) {
  const rank = (row) => (fits.low(row) ? 0 : row.active ? 1 : 2);
  return rank(a) - rank(b) || (rank(a) === 0 && a.stock - b.stock) || a.name.localeCompare(b.name);
}

// --- what an edit did ---

const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" });

function changeText({ before, now }) {
  const changes = [];
  if (before.stock !== now.stock) changes.push(`stock ${count(before.stock)} → ${count(now.stock)} (${signed.format(now.stock - before.stock)})`);
  if (before.price !== now.price) changes.push(`price ${money(before.price)} → ${money(now.price)}`);
  if (before.active !== now.active) changes.push(now.active ? "sold in the shop again" : "out of the shop; open orders go on");
  return `${changes.join(", ")}; it is version ${now.version} now.`;
}

/** With what the ledger says, where it answers. */
async function outcome(title, text, id) {
  const said = await get(`/inventory/${encodeURIComponent(id)}/ledger`).then(sum, () => "");
  return banner("good", title, h("div", {}, text), said && h("div", { class: "small" }, `The ledger: ${said}`));
}

// --- the list ---

function stockBadge(row) {
  if (!row.active) return h("span", { class: "status" }, "Not sold");
  if (row.stock === 0) return h("span", { class: "status is-bad" }, "Sold out");
  return row.lowStock ? h("span", { class: "status is-warn" }, "Low") : h("span", { class: "status is-good" }, "In stock");
}

const cell = (label, ...children) => h("td", { class: "number", "data-label": label }, children);

function rowView(row, edit) {
  return h("tr", { "data-product": row.id },
    h("th", { scope: "row", class: "product-cell" }, h("div", { class: "product-line" }, picture(row),
      h("div", {}, h("div", { class: "product-name" }, row.name), h("div", { class: "muted small" }, row.category || "No category", " · ", row.id)))),
    h("td", { "data-label": "State" }, stockBadge(row)),
    cell("Stock", count(row.stock)), cell("Reserved", count(row.reserved)), cell("Sold", count(row.sold)), cell("Price", money(row.price)),
    h("td", { class: "actions-cell" }, h("button", { class: "btn btn-sm btn-quiet", type: "button", onclick: () => edit(row), "aria-label": `Edit ${row.name}` }, "Edit")));
}

function listView(rows, total, edit) {
  const body = h("tbody");
  const more = h("button", { class: "btn btn-quiet", type: "button", onclick: () => extend() });
  let shown = 0;
  function extend() {
    body.append(...rows.slice(shown, shown + shownAtOnce).map((row) => rowView(row, edit)));
    shown = Math.min(shown + shownAtOnce, rows.length);
    fill(more, `Show more (${count(rows.length - shown)} left)`);
    more.hidden = shown === rows.length;
  }
  extend();
  return [
    total > mostLoaded && banner("warn", "There are more", `${count(mostLoaded)} of ${count(total)} products are looked at: search to narrow them.`),
    h("div", { class: "panel table-panel" }, h("table", { class: "table stacking" },
      h("caption", { class: "visually-hidden" }, "Products, those that run out first"),
      h("thead", {}, h("tr", {}, ["Product", "State", "Stock", "Reserved", "Sold", "Price"].map((name, i) =>
        h("th", { scope: "col", class: i > 1 && "number" }, name)), h("td", {}))),
      body)),
    h("div", { class: "pager" }, more),
  ];
}

/** Calls f a moment after the last key. */
function afterTyping(f) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(f, 250);
  };
}

function searchField(signal) {
  let now = {};
  const search = afterTyping(() => signal.aborted || go(href("/inventory", { ...now, search: input.value.trim() }), { replace: true }));
  const input = h("input", { type: "search", class: "form-control", "aria-label": "Search name or description", placeholder: "Search name or description", maxlength: 100, oninput: search });
  return {
    node: input,
    set: (query) => {
      now = query;
      if (document.activeElement !== input) input.value = query.search ?? "";
    },
  };
}

export const inventory = (context) => listPage(context, (say) => {
  let categories = [];

  async function edit(row) {
    const done = await editProduct(row);
    if (done) await say(await outcome(`${done.now.name} is saved`, changeText(done), row.id));
  }
  async function add() {
    const done = await addProduct(categories);
    if (done) await say(await outcome(`${done.now.name} is in the shop`, `${count(done.now.stock)} pieces at ${money(done.now.price)}.`, done.now.id));
  }
  async function load({ search, show }) {
    const { data, headers } = await ask("GET", url("/inventory", { search, limit: mostLoaded }), { signal: context.signal });
    categories = [...new Set([...categories, ...data.map((row) => row.category)])].filter(Boolean).sort();
    return { rows: data.filter(fits[show] ?? fits[""]).sort(urgent), total: Number(headers.get("X-Total-Count")) };
  }

  return {
    title: "Inventory",
    noun: "product",
    actions: h("button", { class: "btn btn-primary", type: "button", onclick: add }, "Add a product"),
    controls: [pills({ label: "Which products", path: "/inventory", name: "show", options: views }), searchField(context.signal)],
    load,
    view: ({ rows, total }) => (rows.length > 0
      ? listView(rows, total, edit) : empty({ title: "No product is like that", text: "Try another word, or look at all products.", icon: "search" })),
  };
});
