// All products: by category, search, price and order, page by page. What is chosen stands in the
// address, so that a link or a reload shows the same.

import { ask, get, nextCursor, url } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { count, money } from "../lib/money.js";
import { picture } from "../lib/picture.js";
import { go, href } from "../lib/router.js";
import { announce, empty, failure } from "../lib/ui.js";

const pageSize = 12;
const few = 10;
const orders = [
  ["", "Name, A to Z"],
  ["-name", "Name, Z to A"],
  ["price", "Price, low to high"],
  ["-price", "Price, high to low"],
  ["-createdAt", "Newest first"],
];

/** "Only 3 left", or nothing to say. */
export function stockNote(product) {
  if (product.stock === 0) return h("span", { class: "stock is-out" }, "Sold out");
  if (product.stock <= few) return h("span", { class: "stock is-low" }, `Only ${product.stock} left`);
  return h("span", { class: "stock" }, "In stock");
}

function card(product) {
  return h(
    "li",
    { class: "card-cell" },
    h(
      "a",
      { class: "product-card", href: href(`/product/${product.id}`) },
      picture(product),
      h(
        "div",
        { class: "product-card-body" },
        h("span", { class: "product-card-category" }, product.category),
        h("h3", { class: "product-card-name" }, product.name),
        h(
          "div",
          { class: "row-between" },
          h("span", { class: "price" }, money(product.price)),
          stockNote(product),
        ),
      ),
    ),
  );
}

function skeletonGrid() {
  return h(
    "div",
    { class: "product-grid", role: "status" },
    h("span", { class: "visually-hidden" }, "Loading products"),
    Array.from({ length: pageSize }, () => h("div", { class: "skeleton-card", "aria-hidden": "true" })),
  );
}

// --- what can be chosen ---

let categories = null; // of the whole catalogue, asked for once

async function knownCategories() {
  categories ??= get(url("/products", { limit: 1000 })).then((rows) =>
    [...new Set(rows.map((row) => row.category).filter(Boolean))].sort(),
  );
  return categories.catch((error) => {
    categories = null;
    throw error;
  });
}

/** The query with changes, from the first page on. */
const changed = (query, changes) => href("/", { ...query, ...changes, cursor: "", page: "" });

function categoryLinks(query, names) {
  const shown = query.category && !names.includes(query.category) ? [...names, query.category] : names;
  const link = (value, text) =>
    h(
      "li",
      {},
      h(
        "a",
        {
          class: "chip",
          href: changed(query, { category: value }),
          "aria-current": (query.category ?? "") === value && "true",
        },
        text,
      ),
    );
  return h(
    "ul",
    { class: "chips plain-list" },
    link("", "Everything"),
    shown.map((name) => link(name, name)),
  );
}

function filters(query) {
  const price = (name, label) =>
    h("input", {
      class: "form-control form-control-sm",
      type: "number",
      name,
      min: 0,
      max: 1000000,
      step: "0.01",
      inputmode: "decimal",
      placeholder: label,
      "aria-label": label,
      value: query[name] ?? "",
    });
  const sort = h(
    "select",
    {
      class: "form-select form-select-sm",
      id: "sort",
      name: "sort",
      onchange: () => go(changed(query, { sort: sort.value })),
    },
    orders.map(([value, text]) => h("option", { value, selected: value === (query.sort ?? "") }, text)),
  );
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    go(changed(query, given));
  };
  return h(
    "div",
    { class: "filters" },
    h(
      "form",
      { class: "price-range", onsubmit: submit, "aria-label": "Price range" },
      h("span", { class: "small muted" }, "Price"),
      price("minPrice", "from"),
      h("span", { "aria-hidden": "true" }, "–"),
      price("maxPrice", "to"),
      h("button", { class: "btn btn-sm btn-quiet", type: "submit" }, "Apply"),
    ),
    h("div", { class: "sorting" }, h("label", { for: "sort", class: "small muted" }, "Sort by"), sort),
  );
}

/** fill() that keeps the focus inside: `successor` finds who gets it from the one that had it. */
function refill(box, content, successor) {
  const held = box.contains(document.activeElement) ? document.activeElement : null;
  fill(box, content);
  if (held) successor(held)?.focus();
}

// --- pages ---

const trail = new Map(); // the cursors of the pages seen, by query: the server only tells the next

function pager(query, next, shown, all) {
  const page = Number(query.page) || 1;
  const { cursor, page: _, ...rest } = query;
  const id = JSON.stringify(rest);
  const seen = trail.get(id) ?? trail.set(id, []).get(id);
  seen[page] = cursor ?? "";
  const to = (number, at) => href("/", { ...rest, cursor: at, page: number > 1 ? number : "" });
  if (page === 1 && !next) return null;
  return h(
    "nav",
    { class: "pages", "aria-label": "Pages" },
    page > 1
      ? h(
          "a",
          {
            class: "btn btn-quiet",
            href: seen[page - 1] === undefined ? to(1, "") : to(page - 1, seen[page - 1]),
          },
          seen[page - 1] === undefined ? "First page" : "Previous",
        )
      : h("span"),
    h("span", { class: "muted small" }, `Page ${page} of ${Math.max(page, Math.ceil(all / pageSize))}`),
    next ? h("a", { class: "btn btn-quiet", href: to(page + 1, next) }, "Next") : h("span"),
  );
}

function titleOf(query) {
  if (query.search) return `Results for “${query.search}”`;
  return query.category || "All products";
}

function nothing(query) {
  return empty({
    title: "Nothing fits",
    icon: "search",
    text: query.search
      ? `No product here has “${query.search}” in its name or description.`
      : "No product is in this range.",
    action: h("a", { class: "btn btn-primary", href: "#/" }, "Show everything"),
  });
}

function welcome(query) {
  if (Object.keys(query).length > 0) return null;
  return h(
    "section",
    { class: "welcome" },
    h("h2", {}, "Good things for every day."),
    h("p", {}, "Chosen with care, in stock as shown, and followed to your door."),
  );
}

/** `setSearch` shows in the header what is searched for. */
export function catalogue({ query, signal, show }, setSearch) {
  const heading = h("h1", {});
  const top = h("div");
  const chips = h("div", { class: "chips-row" });
  const tools = h("div");
  const results = h("section", { "aria-label": "Products" });
  let latest = 0;

  async function load(now) {
    const mine = ++latest;
    fill(results, skeletonGrid());
    try {
      const { cursor, category, search, minPrice, maxPrice, sort } = now;
      const { data, headers } = await ask(
        "GET",
        url("/products", { cursor, category, search, minPrice, maxPrice, sort, limit: pageSize }),
        { signal },
      );
      if (mine !== latest) return;
      const all = Number(headers.get("X-Total-Count") ?? data.length);
      announce(`${all} ${all === 1 ? "product" : "products"}`);
      if (data.length === 0) return fill(results, nothing(now));
      fill(
        results,
        h("p", { class: "muted small" }, `${count(all)} ${all === 1 ? "product" : "products"}`),
        h("ul", { class: "product-grid plain-list" }, data.map(card)),
        pager(now, nextCursor(headers), data.length, all),
      );
    } catch (error) {
      if (!signal.aborted && mine === latest)
        fill(
          results,
          failure(error, () => load(now)),
        );
    }
  }

  function update(now) {
    document.title = `${titleOf(now)} · Troupe`;
    fill(heading, titleOf(now));
    fill(top, welcome(now));
    refill(tools, filters(now), (held) => tools.querySelector(`[name="${held.name}"]`));
    setSearch(now.search ?? "");
    knownCategories().then(
      (names) => refill(chips, categoryLinks(now, names), () => chips.querySelector("[aria-current]")),
      () => fill(chips),
    );
    window.scrollTo(0, 0);
    load(now);
  }

  show(
    titleOf(query),
    top,
    chips,
    h("div", { class: "row-between catalogue-head" }, heading, tools),
    results,
  );
  update(query);
  return update;
}
