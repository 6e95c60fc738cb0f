// Thanks, and where to look next.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { shortId } from "../lib/orders.js";
import { href } from "../lib/router.js";
import { icon, skeleton } from "../lib/ui.js";
import { stepList, summary } from "./checkout_parts.js";

export async function completeStep({ show, signal }, { orderId }) {
  const head = () => [stepList("complete"), h("h1", {}, "Thank you for your order")];
  show("Thank you", head(), skeleton(4));
  const order = await get(`/orders/${orderId}`, { signal });
  show(
    "Thank you",
    head(),
    h(
      "div",
      { class: "two-columns" },
      h(
        "section",
        { class: "panel thanks" },
        h("div", { class: "state-icon" }, icon("check", 36)),
        h(
          "p",
          {},
          "Your payment has been received. We will tell you here when your order is confirmed and on its way.",
        ),
        h(
          "dl",
          { class: "facts" },
          h("dt", {}, "Order"),
          h("dd", {}, shortId(order.id)),
          h("dt", {}, "Delivered to"),
          h("dd", {}, [order.shippingAddress.name, order.shippingAddress.city].filter(Boolean).join(", ")),
        ),
        h(
          "p",
          {},
          h("a", { class: "btn btn-primary", href: href(`/order/${order.id}`) }, "Follow your order"),
          " ",
          h("a", { class: "btn btn-quiet", href: "#/" }, "Keep shopping"),
        ),
      ),
      summary(
        order.items.map((item) => ({ name: item.product.name, price: item.price, quantity: item.quantity })),
      ),
    ),
  );
}
