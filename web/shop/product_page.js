// One product, and how to get it into the cart.

import { get } from "../lib/api.js";
import { addToCart, cart, mostOfOne } from "../lib/cart.js";
import { h } from "../lib/dom.js";
import { money } from "../lib/money.js";
import { picture } from "../lib/picture.js";
import { href } from "../lib/router.js";
import { empty, skeleton, toast } from "../lib/ui.js";
import { stockNote } from "./catalogue.js";

const mostOffered = 10;

function buyForm(product) {
  const most = Math.min(product.stock, mostOffered);
  const quantity = h(
    "select",
    { class: "form-select", id: "quantity", name: "quantity" },
    Array.from({ length: most }, (_, i) => h("option", { value: i + 1 }, String(i + 1))),
  );
  const submit = (event) => {
    event.preventDefault();
    addToCart(product, Number(quantity.value));
    toast(`${product.name} is in your cart.`, { link: ["View cart", "#/cart"] });
  };
  return h(
    "form",
    { class: "buy", onsubmit: submit },
    h("div", {}, h("label", { for: "quantity", class: "form-label" }, "Quantity"), quantity),
    h("button", { class: "btn btn-primary btn-lg", type: "submit" }, "Add to cart"),
  );
}

function gone(show) {
  show(
    "Not found",
    empty({
      title: "This product is not here any more",
      text: "Perhaps something like it is.",
      heading: "h1",
      icon: "search",
      action: h("a", { class: "btn btn-primary", href: "#/" }, "To the shop"),
    }),
  );
}

export async function productPage({ params, signal, show }) {
  show("Product", h("div", { class: "product-page" }, h("div", { class: "skeleton-card" }), skeleton(6)));
  let product;
  try {
    product = await get(`/products/${encodeURIComponent(params.id)}`, { signal });
  } catch (error) {
    if (error.status === 404) return gone(show);
    throw error;
  }
  const inCart = cart().find((line) => line.id === product.id)?.quantity ?? 0;
  show(
    product.name,
    h(
      "nav",
      { "aria-label": "Where you are", class: "crumbs" },
      h("a", { href: "#/" }, "Shop"),
      " / ",
      h("a", { href: href("/", { category: product.category }) }, product.category || "Everything"),
    ),
    h(
      "article",
      { class: "product-page" },
      h("div", { class: "panel product-picture" }, picture(product)),
      h(
        "div",
        {},
        h("h1", {}, product.name),
        h("p", { class: "product-price price" }, money(product.price)),
        h("p", {}, stockNote(product)),
        h("p", { class: "product-text" }, product.description),
        product.stock > 0 && inCart < mostOfOne
          ? buyForm(product)
          : h(
              "p",
              { class: "muted" },
              product.stock > 0
                ? "You have as many as one order may hold."
                : "It is sold out. It comes back when the stock does.",
            ),
        inCart > 0 &&
          h(
            "p",
            { class: "muted small" },
            `You have ${inCart} in your `,
            h("a", { href: "#/cart" }, "cart"),
            ".",
          ),
        h(
          "ul",
          { class: "promises plain-list" },
          h("li", {}, "Cancel free of charge until it is dispatched"),
          h("li", {}, "You are charged once, or not at all"),
          h("li", {}, "Follow your order live"),
        ),
      ),
    ),
  );
}
