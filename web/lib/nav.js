// The head of every page: brand, search, cart, notifications, who is shopping, the operator's pages.

import { get } from "./api.js";
import { cartCount, onCartChange } from "./cart.js";
import { fill, h } from "./dom.js";
import { repeat } from "./live.js";
import { icon } from "./ui.js";
import { customers, setUser, user } from "./user.js";

const mostShown = 99;
const pollEvery = 30000;

function brand(home) {
  return h(
    "a",
    { class: "brand", href: home },
    h("img", { src: "/web/icon.svg", alt: "", width: 30, height: 30 }),
    "Troupe",
  );
}

function skipLink() {
  const toMain = (event) => {
    event.preventDefault(); // the hash is the router's
    document.getElementById("main").focus();
  };
  return h("a", { class: "skip", href: "#main", onclick: toMain }, "Skip to the content");
}

function navLink(href, drawing, word, ...more) {
  return h("a", { class: "nav-icon", href }, icon(drawing, 24), h("span", { class: "nav-word" }, word), more);
}

/** A link with a number on it, which is hidden while it is 0. */
function counter({ href, drawing, word, one, many }) {
  const badge = h("span", { class: "badge-count", hidden: true, "aria-hidden": "true" });
  const said = h("span", { class: "visually-hidden" });
  const set = (number) => {
    badge.hidden = number === 0;
    fill(badge, number > mostShown ? `${mostShown}+` : String(number));
    fill(said, number > 0 && `, ${number} ${number === 1 ? one : many}`);
  };
  return { link: navLink(href, drawing, word, said, badge), set };
}

function searchForm(onSearch) {
  const input = h("input", {
    type: "search",
    name: "search",
    class: "form-control",
    placeholder: "Search the shop",
    "aria-label": "Search the shop",
    maxlength: 100,
  });
  const submit = (event) => {
    event.preventDefault();
    onSearch(input.value.trim());
  };
  const form = h(
    "form",
    { class: "nav-search", role: "search", onsubmit: submit },
    input,
    h("button", { type: "submit", class: "nav-search-button", "aria-label": "Search" }, icon("search")),
  );
  return { form, input };
}

function customerSwitch(onSwitch) {
  const select = h(
    "select",
    {
      class: "form-select form-select-sm",
      id: "customer",
      onchange: () => {
        setUser(select.value);
        onSwitch();
      },
    },
    customers.map((one) => h("option", { value: one.id, selected: one.id === user() }, one.name)),
  );
  return h(
    "div",
    { class: "nav-customer" },
    h("label", { for: "customer", class: "visually-hidden" }, "Shopping as"),
    icon("user"),
    select,
  );
}

async function unread() {
  const rows = await get(`/notifications?unread=true&limit=${mostShown + 1}`);
  return rows.length;
}

/**
 * Fills the shop's header. onSearch(text); onSwitch() after another customer was chosen. Returns
 * {refresh, setSearch}: `refresh()` asks for the number of unread notifications now.
 */
export function shopHeader(target, { onSearch, onSwitch }) {
  const cart = counter({ href: "#/cart", drawing: "cart", word: "Cart", one: "item", many: "items" });
  const bell = counter({
    href: "#/notifications",
    drawing: "bell",
    word: "Notifications",
    one: "unread",
    many: "unread",
  });
  const search = searchForm(onSearch);
  const countCart = () => cart.set(cartCount());
  // A failure is told by the pages; the badge keeps what it knew.
  const refresh = () => unread().then(bell.set, () => {});
  const switched = () => {
    countCart();
    refresh();
    onSwitch();
  };
  fill(
    target,
    skipLink(),
    h(
      "nav",
      { class: "nav-bar container-xl", "aria-label": "Shop" },
      brand("#/"),
      search.form,
      h(
        "div",
        { class: "nav-links" },
        navLink("#/orders", "box", "Orders"),
        bell.link,
        cart.link,
        customerSwitch(switched),
        h("span", { class: "nav-operator" }, navLink("/admin", "wrench", "Operator")),
      ),
    ),
  );
  onCartChange(countCart);
  countCart();
  repeat(refresh, pollEvery);
  return {
    refresh,
    setSearch: (text) => {
      search.input.value = text;
    },
  };
}

/** Fills the operator's header; `links` is [["Orders", "#/orders"], …]. Returns mark(path), which
 * shows where the reader is. */
export function adminHeader(target, links) {
  const anchors = links.map(([text, href]) => h("a", { class: "nav-tab", href }, text));
  fill(
    target,
    skipLink(),
    h(
      "nav",
      { class: "nav-bar container-xl", "aria-label": "Operations" },
      brand("/admin#/"),
      h("div", { class: "nav-tabs-row" }, anchors),
      h("div", { class: "nav-links" }, navLink("/", "home", "Shop")),
    ),
  );
  return (path) => {
    for (const anchor of anchors) {
      const at = anchor.hash.slice(1);
      if (at === path || (at !== "/" && path.startsWith(`${at}/`)))
        anchor.setAttribute("aria-current", "page");
      else anchor.removeAttribute("aria-current");
    }
  };
}
