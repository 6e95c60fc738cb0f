// A list that is narrowed by the address: its controls stay where they are (and keep the focus)
// while what they choose is loaded anew.

import { fill, h } from "../lib/dom.js";
import { href } from "../lib/router.js";
import { announce, busy, failure, skeleton } from "../lib/ui.js";
import { head, many, tell } from "./desk.js";

/** Links that choose `name` of the query: `options` [[value, text], …]. A control: {node, set(query)}. */
export function pills({ label, path, name, options }) {
  const links = options.map(([value, text]) => [value, h("a", { class: "pill" }, text)]);
  const set = (query) => {
    for (const [value, link] of links) {
      link.href = href(path, { ...query, [name]: value, cursor: "" });
      if ((query[name] ?? "") === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  return { node: h("nav", { class: "pills", "aria-label": label }, links.map(([, link]) => link)), set };
}

/** To the first page, and to the one behind the cursor `next`. */
export function pager(path, query, next) {
  return h("nav", { class: "pager", "aria-label": "Pages" },
    query.cursor && h("a", { class: "btn btn-quiet", href: href(path, { ...query, cursor: "" }) }, "Newest"),
    next && h("a", { class: "btn btn-quiet", href: href(path, { ...query, cursor: next }) }, "Older"));
}

/** A button that calls `refresh` and shows that it is at it. */
export function refreshButton(refresh) {
  const button = h("button", { class: "btn btn-quiet", type: "button", onclick: () => busy(button, refresh) }, "Refresh");
  return button;
}

/**
 * A page of the router. `describe(say, refresh)` gives what it is made of:
 * {title, noun, actions, controls, load(query), view(loaded, query), failed(error, query)}.
 * `load` resolves to {rows, next, …}; `failed`, if there is one, adds to what is shown of an error;
 * say(banner) loads the list anew and tells what was done.
 */
export async function listPage({ query, signal, show }, describe) {
  let now = query;
  let turn = 0;
  const message = h("div", { role: "status" });
  const list = h("div", {}, skeleton(8));

  async function refresh() {
    const mine = ++turn;
    const loaded = await page.load(now);
    if (mine !== turn) return; // a later look has begun
    announce(many(loaded.rows.length, page.noun) + (loaded.next ? ", and older ones" : ""));
    fill(list, page.view(loaded, now));
  }
  const refreshed = () => refresh().catch((error) => signal.aborted || fill(list, failure(error, refreshed), page.failed?.(error, now)));
  const say = async (banner) => {
    await refreshed();
    tell(message, banner);
  };
  const page = describe(say, refreshed);
  const set = () => page.controls.forEach((control) => control.set(now));

  set();
  show(page.title, head(page.title, page.actions), message, h("div", { class: "toolbar" }, page.controls.map((control) => control.node)), list);
  await refreshed();
  return (next) => {
    now = next;
    fill(message);
    set();
    return refreshed();
  };
}
