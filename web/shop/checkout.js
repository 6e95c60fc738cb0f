// Checkout in four steps: where to, a last look, payment, done.

import { cart } from "../lib/cart.js";
import { h } from "../lib/dom.js";
import { go, href } from "../lib/router.js";
import { kept } from "../lib/store.js";
import { field, showErrors } from "../lib/ui.js";
import { user } from "../lib/user.js";
import { emptyCartState } from "./cart_page.js";
import { completeStep } from "./checkout_complete.js";
import { stepList, summary } from "./checkout_parts.js";
import { paymentStep } from "./checkout_payment.js";
import { reviewStep } from "./checkout_review.js";
import { beginCheckout, checkoutState, otherStep, saveCheckout } from "./checkout_state.js";

const fields = [
  { name: "name", label: "Full name", autocomplete: "name", wide: true },
  { name: "street", label: "Street and number", autocomplete: "street-address", wide: true },
  { name: "postcode", label: "Postcode", autocomplete: "postal-code" },
  { name: "city", label: "City", autocomplete: "address-level2" },
  { name: "country", label: "Country", autocomplete: "country-name", wide: true },
];

function shippingStep({ show }, state) {
  const address = state.address ?? kept.get(`address.${user()}`, {});
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(event.target)].map(([name, text]) => [name, text.trim()]),
    );
    const missing = fields.filter(({ name }) => !given[name]);
    showErrors(
      event.target,
      Object.fromEntries(missing.map(({ name, label }) => [name, `${label} is needed.`])),
    );
    if (missing.length > 0) return;
    kept.set(`address.${user()}`, given);
    saveCheckout({ address: given });
    go(href("/checkout/review"));
  };
  show(
    "Shipping",
    stepList("shipping"),
    h("h1", {}, "Where should it go?"),
    h(
      "div",
      { class: "two-columns" },
      h(
        "form",
        { class: "panel stack", novalidate: true, onsubmit: submit },
        h(
          "div",
          { class: "fields" },
          fields.map((one) =>
            field({ ...one, required: true, maxlength: 200, value: address[one.name] ?? "" }),
          ),
        ),
        h(
          "div",
          { class: "row-between" },
          h("a", { href: "#/cart" }, "Back to the cart"),
          h("button", { class: "btn btn-primary btn-lg", type: "submit" }, "Continue to review"),
        ),
      ),
      summary(cart()),
    ),
  );
}

/** The session to show, begun anew where there is none or the last one is over. */
function present(step, query) {
  const state = checkoutState();
  if (query.order && step === "payment" && state?.orderId !== query.order)
    return beginCheckout({ orderId: query.order });
  const over = state?.done && step !== "complete" && cart().length > 0;
  return state && !over ? state : beginCheckout();
}

export function checkout(page) {
  const { step } = page.params;
  const state = present(step, page.query);
  const other = otherStep(step, state, cart().length === 0);
  if (other) return go(href(`/checkout/${other}`), { replace: true });
  if (!state.orderId && !state.placing && cart().length === 0) return page.show("Checkout", emptyCartState());
  const show = { shipping: shippingStep, review: reviewStep, payment: paymentStep, complete: completeStep }[
    step
  ];
  return show(page, state);
}
