// What the steps of the checkout share.

import { h } from "../lib/dom.js";
import { money, total } from "../lib/money.js";

const steps = [
  ["shipping", "Shipping"],
  ["review", "Review"],
  ["payment", "Payment"],
  ["complete", "Complete"],
];

/** The four steps, with the present one marked. */
export function stepList(current) {
  const at = steps.findIndex(([name]) => name === current);
  return h(
    "ol",
    { class: "checkout-steps plain-list", "aria-label": "Steps of the checkout" },
    steps.map(([, text], i) =>
      h(
        "li",
        { class: i < at ? "is-done" : i === at ? "is-now" : "", "aria-current": i === at && "step" },
        h("span", { class: "step-dot", "aria-hidden": "true" }, i < at ? "✓" : String(i + 1)),
        text,
        i < at && h("span", { class: "visually-hidden" }, " (done)"),
      ),
    ),
  );
}

/** What is bought and what it costs: of [{name, price, quantity}]. */
export function summary(lines) {
  return h(
    "aside",
    { class: "panel stack", "aria-label": "Your order" },
    h("h2", {}, "Your order"),
    h(
      "ul",
      { class: "plain-list stack" },
      lines.map((line) =>
        h(
          "li",
          { class: "row-between summary-line" },
          h("span", {}, `${line.quantity} × ${line.name}`),
          h("span", { class: "price" }, money(line.price * line.quantity)),
        ),
      ),
    ),
    h("div", { class: "row-between" }, h("span", {}, "Delivery"), h("span", {}, "Free")),
    h(
      "div",
      { class: "row-between total" },
      h("strong", {}, "Total"),
      h("strong", { class: "price" }, money(total(lines))),
    ),
  );
}
