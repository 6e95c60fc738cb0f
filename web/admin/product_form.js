// Adds a product, and edits one that nobody else has changed meanwhile.

import { newKey } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { banner, busy, field } from "../lib/ui.js";
import { ask, get, sentence } from "./desk.js";
import { formDialog } from "./dialog.js";
import { ledgerBox } from "./ledger.js";

const mostStock = 1_000_000_000;

// --- what the fields hold ---

function readStock(text) {
  return /^\d+$/.test(text.trim()) && Number(text) <= mostStock ? { value: Number(text) } : { error: "Whole pieces, 0 or more." };
}

function readPrice(text) {
  return /^\d+([.,]\d{1,2})?$/.test(text.trim()) && Number(text.replace(",", ".")) > 0
    ? { value: Number(text.replace(",", ".")) }
    : { error: "More than 0, with at most two decimals." };
}

const readText = (text, missing) => (text.trim() ? { value: text.trim() } : { error: missing });

/** {values, errors} of what the readers say of each field; `errors` only when there are some. */
function readAll(readers) {
  const entries = Object.entries(readers);
  const wrong = entries.filter(([, read]) => read.error);
  return {
    values: Object.fromEntries(entries.map(([name, read]) => [name, read.value])),
    errors: wrong.length > 0 ? Object.fromEntries(wrong.map(([name, read]) => [name, read.error])) : undefined,
  };
}

const stockField = (stock) => field({ label: "Stock", name: "stock", inputmode: "numeric", autocomplete: "off", value: stock, hint: "What can still be sold; reserved pieces stay out of it." });
const priceField = (price) => field({ label: "Price (USD)", name: "price", inputmode: "decimal", autocomplete: "off", value: price });

function activeField(active) {
  return h("div", { class: "field is-wide form-check" },
    h("input", { class: "form-check-input", type: "checkbox", id: "field-active", name: "active", checked: active }),
    h("label", { class: "form-check-label", for: "field-active" }, "Sold in the shop"));
}

// --- editing ---

/** The row as it is now: there is no route for one, so it is looked for by its name. */
async function present(row) {
  const rows = await get(`/inventory?limit=1000&search=${encodeURIComponent(row.name)}`);
  const found = rows.find((one) => one.id === row.id);
  if (!found) throw new Error("It was renamed: close this, and look for it in the list.");
  return found;
}

function changesOf(form, row) {
  const { values, errors } = readAll({ stock: readStock(form.elements.stock.value), price: readPrice(form.elements.price.value) });
  const wanted = { ...values, active: form.elements.active.checked };
  return { errors, changes: Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== row[name])) };
}

/** Resolves to {before, now} of an edit that was written, or to null. */
export async function editProduct(row) {
  let before = row;
  const ledger = ledgerBox();
  ledger.load(row.id);

  const send = async (form) => {
    const { errors, changes } = changesOf(form, before);
    if (errors) return { errors };
    if (Object.keys(changes).length === 0) return { errors: { stock: "Nothing is changed yet." } };
    const { data } = await ask("PUT", `/inventory/${encodeURIComponent(row.id)}`, { body: changes, headers: { "If-Match": `"${before.version}"` } });
    return { before, now: data };
  };

  const movedOn = (say) => {
    const reload = () => busy(button, async () => {
      try {
        before = await present(before);
        const form = button.form;
        form.elements.stock.value = before.stock;
        form.elements.price.value = before.price;
        form.elements.active.checked = before.active;
        ledger.load(row.id);
        say(banner("info", "This is how it stands now", "Make your change once more."));
        form.elements.stock.focus();
      } catch (error) {
        say(banner("bad", "It cannot be reloaded", error.status === undefined ? error.message : sentence(error)));
      }
    });
    const button = h("button", { class: "btn btn-sm btn-quiet", type: "button", onclick: reload }, "Reload it");
    say(banner("bad", "Somebody else changed it", h("p", {}, "It is not as it was when you opened it: a colleague edited it, or an order took from its stock. Nothing of yours was saved."), button));
  };

  return formDialog({
    title: row.name, yes: "Save", send, more: ledger.node,
    fields: [stockField(row.stock), priceField(row.price), activeField(row.active)],
    onError: (error, say) => error.status === 412 && (movedOn(say), true),
  });
}

// --- adding ---

function newFields(categories) {
  const options = h("datalist", { id: "categories" }, categories.map((name) => h("option", { value: name })));
  return [
    field({ label: "Name", name: "name", maxlength: 200, autocomplete: "off", wide: true, value: "" }),
    field({ label: "Description", name: "description", wide: true, input: h("textarea", { class: "form-control", rows: 2, maxlength: 4000 }) }),
    h("div", {}, field({ label: "Category", name: "category", maxlength: 100, list: "categories", autocomplete: "off", value: "" }), options),
    field({ label: "Id", name: "id", maxlength: 64, autocomplete: "off", value: "", hint: "Made for you when you leave it empty." }),
    stockField(0), priceField(""),
  ];
}

/** Resolves to {now} of the product that was made, or to null. */
export async function addProduct(categories) {
  const key = newKey();
  const send = async (form) => {
    const text = (name) => form.elements[name].value;
    const { values, errors } = readAll({
      name: readText(text("name"), "It needs a name."), category: readText(text("category"), "It needs a category."),
      stock: readStock(text("stock")), price: readPrice(text("price")),
    });
    if (errors) return { errors };
    const body = { ...values, description: text("description").trim(), ...(text("id").trim() && { id: text("id").trim() }) };
    const { data } = await ask("POST", "/inventory", { body, key });
    return { now: data };
  };
  return formDialog({
    title: "A new product", yes: "Add it", send, fields: newFields(categories),
    onError: (error, say) => error.code === "id_taken" && (say(banner("bad", "This id is taken", "Choose another, or leave it empty.")), true),
  });
}
