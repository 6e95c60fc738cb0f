// The operator's pages, behind the admin token where one is set.

import { fill, h } from "../lib/dom.js";
import { adminHeader } from "../lib/nav.js";
import { startRouter } from "../lib/router.js";
import { empty } from "../lib/ui.js";
import { adminToken, setAdminToken } from "../lib/user.js";
import { dashboard } from "./dashboard.js";
import { onRefused, tokenForm } from "./desk.js";
import { diagnosis } from "./diagnosis.js";
import { inventory } from "./inventory.js";
import { letters } from "./letters.js";
import { orders } from "./orders.js";
import { system } from "./system.js";

const main = document.getElementById("main");
const footer = document.getElementById("footer");

/** What the token form says is enough. */
const guarded = (page) => async (context) => {
  try {
    return await page(context);
  } catch (error) {
    if (error.status === 401) return undefined;
    throw error;
  }
};

const missing = ({ show }) => show("Not found", empty({
  title: "There is no such page", text: "The address may be mistyped.", heading: "h1", icon: "search",
  action: h("a", { class: "btn btn-primary", href: "#/" }, "To the dashboard"),
}));

const mark = adminHeader(document.getElementById("header"), [
  ["Dashboard", "#/"], ["Inventory", "#/inventory"], ["Orders", "#/orders"], ["Dead letters", "#/letters"], ["System", "#/system"],
]);

function showFooter() {
  const forget = () => {
    setAdminToken("");
    refresh();
  };
  fill(footer, h("p", {}, "Troupe operations",
    adminToken() && [" · ", h("button", { class: "btn btn-text", type: "button", onclick: forget }, "Forget the token")]));
}

const refresh = startRouter({
  outlet: main,
  routes: [["/", dashboard], ["/inventory", inventory], ["/orders", orders], ["/orders/:id", diagnosis], ["/letters", letters],
    ["/system", system]].map(([pattern, page]) => [pattern, guarded(page)]),
  missing,
  site: "Troupe operations",
  onChange: (path) => {
    mark(path);
    document.querySelector("#header [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    showFooter();
  },
});

onRefused(() => {
  if (main.querySelector(".token-form")) return; // a page asks for several things at once
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close("");
  document.title = "Operator's token · Troupe operations";
  fill(main, tokenForm(() => refresh()));
  showFooter();
  document.getElementById("field-token").focus();
});
