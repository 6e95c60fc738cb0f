// What the inventory's ledger says of a product.

import { fill, h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { time } from "../lib/time.js";
import { skeleton } from "../lib/ui.js";
import { get, sentence } from "./desk.js";

const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" });

/** "100 at first, +20 by you: 90 in stock, 10 reserved, 20 sold." */
export const sum = (ledger) =>
  `${count(ledger.initial)} at first, ${signed.format(ledger.adjusted)} by edits: `
  + `${count(ledger.stock)} in stock, ${count(ledger.reserved)} reserved, ${count(ledger.sold)} sold.`;

function what(entry) {
  if (entry.kind === "create") return "Added";
  return entry.quantity === 0 && entry.price === null ? "Description or visibility" : "Edited";
}

function row(entry) {
  return h("tr", {},
    h("td", {}, time(entry.at)), h("td", {}, what(entry)),
    h("td", { class: "number" }, entry.quantity === 0 ? "–" : signed.format(entry.quantity)),
    h("td", { class: "number" }, entry.price === null ? "–" : money(entry.price)),
    h("td", { class: "number" }, entry.version));
}

function view(ledger) {
  return [h("p", { class: "small" }, sum(ledger)),
    ledger.entries.length === 0
      ? h("p", { class: "muted small" }, "Nobody has edited it yet.")
      : h("div", { class: "table-box ledger", tabindex: 0, role: "region", "aria-label": "Edits" },
        h("table", { class: "table table-sm" },
          h("caption", { class: "visually-hidden" }, "Edits, newest first"),
          h("thead", {}, h("tr", {}, ["When", "What", "Stock", "New price", "Version"].map((name, i) =>
            h("th", { scope: "col", class: i > 1 && "number" }, name)))),
          h("tbody", {}, ledger.entries.map(row))))];
}

/** {node, load}: `load(productId)` fills the node, and never throws. */
export function ledgerBox() {
  const body = h("div", {}, skeleton(2));
  const load = async (id) => {
    try {
      fill(body, view(await get(`/inventory/${encodeURIComponent(id)}/ledger`)));
    } catch (error) {
      fill(body, h("p", { class: "muted small", role: "status" }, "The ledger cannot be shown. ", sentence(error)));
    }
  };
  return { node: h("section", { class: "ledger-box", "aria-labelledby": "ledger-title" }, h("h3", { id: "ledger-title" }, "What the ledger says"), body), load };
}
