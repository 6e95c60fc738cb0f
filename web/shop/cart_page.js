// The cart, held against the catalogue as it is now: prices and stock may have moved since.

import { ApiError, get } from "../lib/api.js";
import { cart, changeLine, mostOfOne } from "../lib/cart.js";
import { h } from "../lib/dom.js";
import { money, total } from "../lib/money.js";
import { picture } from "../lib/picture.js";
import { href } from "../lib/router.js";
import { banner, empty, skeleton, toast } from "../lib/ui.js";

/** The products of `lines` as they are now, by id; null for one that is gone. */
export async function productsOf(lines, signal) {
  const found = await Promise.all(
    lines.map((line) =>
      get(`/products/${encodeURIComponent(line.id)}`, { signal }).catch((error) => {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }),
    ),
  );
  return new Map(lines.map((line, i) => [line.id, found[i]]));
}

/**
 * Puts the cart in step with the catalogue: the present price, no more than there is, nothing that
 * is gone. Returns a sentence for each change.
 */
export function reconcile(products) {
  const notes = [];
  for (const line of cart()) {
    const now = products.get(line.id);
    if (!now || now.stock === 0) {
      notes.push(`${line.name} is sold out and was taken out of your cart.`);
      changeLine(line.id, { quantity: 0 });
      continue;
    }
    if (now.price !== line.price)
      notes.push(`${line.name} now costs ${money(now.price)} (it was ${money(line.price)}).`);
    if (now.stock < line.quantity) notes.push(`Of ${line.name} only ${now.stock} are left.`);
    changeLine(line.id, { price: now.price, quantity: Math.min(line.quantity, now.stock) });
  }
  return notes;
}

export function changeNotes(notes) {
  if (notes.length === 0) return null;
  return banner(
    "warn",
    "Your cart has changed",
    h(
      "ul",
      {},
      notes.map((note) => h("li", {}, note)),
    ),
  );
}

function row(line, stock, render) {
  const most = Math.min(stock, mostOfOne);
  const quantity = h("input", {
    class: "form-control form-control-sm",
    type: "number",
    inputmode: "numeric",
    min: 1,
    max: most,
    required: true,
    "aria-label": `Quantity of ${line.name}`,
    value: line.quantity,
    onchange: () => {
      const wanted = Math.trunc(Number(quantity.value)) || 1;
      changeLine(line.id, { quantity: Math.max(1, Math.min(wanted, most)) });
      render(`Quantity of ${line.name}`);
    },
  });
  const remove = () => {
    changeLine(line.id, { quantity: 0 });
    toast(`${line.name} was taken out.`, { kind: "info" });
    render();
  };
  return h(
    "li",
    { class: "cart-line" },
    h(
      "a",
      { href: href(`/product/${line.id}`), class: "thumb", tabindex: -1, "aria-hidden": "true" },
      picture(line),
    ),
    h(
      "div",
      { class: "cart-line-name" },
      h("a", { href: href(`/product/${line.id}`) }, line.name),
      h("span", { class: "muted small" }, `${money(line.price)} each`),
    ),
    quantity,
    h("span", { class: "price" }, money(line.price * line.quantity)),
    h(
      "button",
      { class: "btn-text small", type: "button", onclick: remove },
      "Remove",
      h("span", { class: "visually-hidden" }, ` ${line.name}`),
    ),
  );
}

export function emptyCartState() {
  return empty({
    title: "Your cart is empty",
    text: "Find something good; it stays here until you buy it.",
    icon: "cart",
    heading: "h1",
    action: h("a", { class: "btn btn-primary", href: "#/" }, "Look around"),
  });
}

export async function cartPage({ signal, show }) {
  if (cart().length === 0) return show("Cart", emptyCartState());
  show("Cart", h("h1", {}, "Cart"), skeleton(5));
  const products = await productsOf(cart(), signal);
  const notes = reconcile(products);

  /** `focused`: the label of the control that the reader has just used. */
  function render(focused) {
    const lines = cart();
    if (lines.length === 0) return show("Cart", changeNotes(notes), emptyCartState());
    show(
      "Cart",
      h("h1", {}, "Cart"),
      changeNotes(notes),
      h(
        "div",
        { class: "two-columns" },
        h(
          "ul",
          { class: "panel plain-list cart-lines", "aria-label": "Products in the cart" },
          lines.map((line) => row(line, products.get(line.id).stock, render)),
        ),
        h(
          "aside",
          { class: "panel stack", "aria-label": "Total" },
          h(
            "div",
            { class: "row-between" },
            h("span", {}, "Subtotal"),
            h("span", { class: "price" }, money(total(lines))),
          ),
          h("div", { class: "row-between" }, h("span", {}, "Delivery"), h("span", {}, "Free")),
          h(
            "div",
            { class: "row-between total" },
            h("strong", {}, "Total"),
            h("strong", { class: "price" }, money(total(lines))),
          ),
          h("a", { class: "btn btn-primary btn-lg", href: "#/checkout/shipping" }, "Go to checkout"),
          h("a", { class: "small text-center", href: "#/" }, "Keep shopping"),
        ),
      ),
    );
    if (focused) document.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }
  render();
}
