// The last look before the order is placed, and the placing. What the server finds changed is
// explained and put right in the cart; the reader then agrees by placing the order again.

import { post } from "../lib/api.js";
import { cart, changeLine, emptyCart } from "../lib/cart.js";
import { h } from "../lib/dom.js";
import { money, total } from "../lib/money.js";
import { picture } from "../lib/picture.js";
import { go, href } from "../lib/router.js";
import { banner, busy, explain, skeleton } from "../lib/ui.js";
import { changeNotes, emptyCartState, productsOf, reconcile } from "./cart_page.js";
import { stepList, summary } from "./checkout_parts.js";
import { checkoutState, saveCheckout } from "./checkout_state.js";

function bodyOf(lines, address) {
  return {
    items: lines.map(({ id, quantity, price }) => ({ productId: id, quantity, price })),
    shippingAddress: address,
  };
}

/** Puts into the cart what a 409 tells. Returns the sentences, or null when it tells nothing. */
function learn({ code, problem }) {
  const nameOf = (id) => cart().find((line) => line.id === id)?.name ?? id;
  if (code === "price_changed")
    return problem.prices.map(({ productId, price }) => {
      const name = nameOf(productId);
      changeLine(productId, { price });
      return `${name} now costs ${money(price)}.`;
    });
  if (code === "out_of_stock")
    return problem.stock.map(({ productId, available }) => {
      const name = nameOf(productId);
      changeLine(productId, { quantity: available });
      return available > 0
        ? `Of ${name} only ${available} are left; your cart has been adjusted.`
        : `${name} has just sold out and was taken out of your cart.`;
    });
  return null;
}

function addressBox(address) {
  return h(
    "section",
    { class: "panel" },
    h(
      "div",
      { class: "row-between" },
      h("h2", {}, "Deliver to"),
      h("a", { href: "#/checkout/shipping" }, "Change the address"),
    ),
    h(
      "address",
      {},
      address.name,
      h("br"),
      address.street,
      h("br"),
      `${address.postcode} ${address.city}`,
      h("br"),
      address.country,
    ),
  );
}

function linesBox(lines) {
  return h(
    "section",
    { class: "panel" },
    h(
      "div",
      { class: "row-between" },
      h("h2", {}, "What you buy"),
      h("a", { href: "#/cart" }, "Change the cart"),
    ),
    h(
      "ul",
      { class: "plain-list review-lines" },
      lines.map((line) =>
        h(
          "li",
          {},
          h("div", { class: "thumb" }, picture(line)),
          h(
            "span",
            { class: "grow" },
            line.name,
            h("span", { class: "muted small" }, `${line.quantity} × ${money(line.price)}`),
          ),
          h("span", { class: "price" }, money(line.price * line.quantity)),
        ),
      ),
    ),
  );
}

/** The order is there: what it holds is no longer in the cart. */
function orderPlaced(orderId) {
  emptyCart();
  saveCheckout({ orderId, placing: null });
  go(href("/checkout/payment"), { replace: true });
}

/** Sends the order; onRefused(error) hears why there is none, or why nobody knows. */
async function place(state, onRefused) {
  const body = state.placing ?? bodyOf(cart(), state.address);
  saveCheckout({ placing: body });
  try {
    const { data } = await post("/orders", body, { key: state.key });
    orderPlaced(data.id);
  } catch (error) {
    if (!error.unknownOutcome) saveCheckout({ placing: null });
    onRefused(error);
  }
}

export async function reviewStep(page, state) {
  const { show, signal } = page;

  /** What was sent stays as it is until the server says what became of it. */
  function renderUnknown(error) {
    const [title, text] = error
      ? explain(error)
      : ["Your order was being placed", "The page was left before the answer came."];
    const again = h(
      "button",
      {
        class: "btn btn-primary",
        type: "button",
        onclick: () => busy(again, () => place(checkoutState(), refused)),
      },
      "Ask again",
    );
    show(
      "Review",
      stepList("review"),
      h("h1", {}, "Is your order placed?"),
      banner(
        "warn",
        title,
        h("p", {}, text),
        h("p", {}, "Asking again is safe: there will be one order, however often it is sent."),
        again,
      ),
    );
  }

  function render(notes, error) {
    const lines = cart();
    if (lines.length === 0) return show("Review", changeNotes(notes), emptyCartState());
    const button = h(
      "button",
      {
        class: "btn btn-primary btn-lg",
        type: "button",
        onclick: () => busy(button, () => place(checkoutState(), refused)),
      },
      `Place order for ${money(total(lines))}`,
    );
    show(
      "Review",
      stepList("review"),
      h("h1", {}, "Does this look right?"),
      changeNotes(notes),
      error && banner("bad", ...explain(error)),
      h(
        "div",
        { class: "two-columns" },
        h(
          "div",
          { class: "stack" },
          linesBox(lines),
          addressBox(state.address),
          h(
            "div",
            { class: "row-between" },
            h("a", { href: "#/checkout/shipping" }, "Back to shipping"),
            button,
          ),
        ),
        summary(lines),
      ),
    );
  }

  async function refused(error) {
    if (signal.aborted) return undefined;
    if (error.unknownOutcome) return renderUnknown(error);
    const notes = learn(error);
    if (notes) return render(notes);
    // A product that is not in the catalogue any more: what there is instead, the catalogue knows.
    return error.status === 404 ? render(reconcile(await productsOf(cart(), signal))) : render([], error);
  }

  if (state.placing) return renderUnknown();
  show("Review", stepList("review"), h("h1", {}, "Does this look right?"), skeleton(5));
  render(reconcile(await productsOf(cart(), signal)));
}
