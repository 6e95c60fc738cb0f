// The shop: its pages, and what is around them.

import { fill, h } from "../lib/dom.js";
import { shopHeader } from "../lib/nav.js";
import { go, href, startRouter } from "../lib/router.js";
import { empty } from "../lib/ui.js";
import { cartPage } from "./cart_page.js";
import { catalogue } from "./catalogue.js";
import { checkout } from "./checkout.js";
import { notifications } from "./notifications.js";
import { orderPage } from "./order_page.js";
import { orders } from "./orders_page.js";
import { productPage } from "./product_page.js";

function missing({ show }) {
  show(
    "Not found",
    empty({
      title: "There is no such page",
      text: "The address may be mistyped.",
      heading: "h1",
      icon: "search",
      action: h("a", { class: "btn btn-primary", href: "#/" }, "To the shop"),
    }),
  );
}

const header = shopHeader(document.getElementById("header"), {
  onSearch: (text) => go(href("/", { search: text })),
  onSwitch: () => refresh(),
});

const refresh = startRouter({
  outlet: document.getElementById("main"),
  site: "Troupe",
  missing,
  routes: [
    ["/", (page) => catalogue(page, header.setSearch)],
    ["/product/:id", productPage],
    ["/cart", cartPage],
    ["/checkout/:step", checkout],
    ["/orders", orders],
    ["/order/:id", orderPage],
    ["/notifications", (page) => notifications(page, header.refresh)],
  ],
  onChange: header.refresh,
});

fill(
  document.getElementById("footer"),
  "A demonstration shop: nothing is sold, and no card is charged. ",
  h("a", { href: "/docs" }, "Its API"),
  " · ",
  h("a", { href: "/admin" }, "Operator's pages"),
);
