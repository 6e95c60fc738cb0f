// Pages behind the `#` of the address: "#/product/p-001?from=mail". One page at a time.
//
// A page is a function({params, query, signal, show}). It calls show(title, ...nodes) as often as it
// likes; `signal` aborts when the reader leaves, and ends requests, timers and streams of the page.
// What it returns (or resolves to) may be a function(query), which is called, instead of the page
// again, when only the query changes.

import { fill } from "./dom.js";
import { failure } from "./ui.js";

/** href("/product/p-001", {a: 1}) → "#/product/p-001?a=1"; empty parameters are left out. */
export function href(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  return query.size > 0 ? `#${path}?${query}` : `#${path}`;
}

/** Goes there; with {replace: true} the back button does not come back here. */
export function go(target, { replace = false } = {}) {
  if (location.hash === target) return;
  if (replace) location.replace(target);
  else location.hash = target;
}

function here() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(query)) };
}

/** "/product/:id" against "/product/p-001" → {id: "p-001"}, or null. */
function match(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(given[i]);
    else if (part !== given[i]) return null;
  }
  return params;
}

function find(routes, path) {
  for (const [pattern, page] of routes) {
    const params = match(pattern, path);
    if (params) return { page, params };
  }
  return null;
}

/** To the heading, so that a screen reader tells where it is; not when the site is opened. */
export function focusHeading(outlet) {
  const heading = outlet.querySelector("h1") ?? outlet;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/**
 * Shows the pages of `routes` ([["/product/:id", page], …]; the first that fits) in `outlet`.
 * `missing` is the page for any other path, `site` the end of every title. `onChange(path)` hears of
 * each. Returns a function that shows the present page afresh.
 */
export function startRouter({ outlet, routes, missing, site, onChange = () => {} }) {
  let current = null; // {path, leave, update}

  function showIn(signal, moveFocus) {
    let first = true;
    return (title, ...nodes) => {
      if (signal.aborted) return;
      const now = document.activeElement;
      const held = outlet.contains(now) || (moveFocus && now === document.body);
      document.title = `${title} · ${site}`;
      fill(outlet, ...nodes);
      // Nor is the reader's place lost when what had the focus is replaced.
      if ((first && moveFocus) || (held && !outlet.contains(document.activeElement))) focusHeading(outlet);
      first = false;
    };
  }

  async function open({ path, query }, moveFocus) {
    const leave = new AbortController();
    const mine = { path, leave, update: null };
    current?.leave.abort();
    current = mine;
    const found = find(routes, path) ?? { page: missing, params: {} };
    const show = showIn(leave.signal, moveFocus);
    if (moveFocus) window.scrollTo(0, 0);
    onChange(path);
    try {
      mine.update = await found.page({ params: found.params, query, signal: leave.signal, show });
    } catch (error) {
      if (leave.signal.aborted) return;
      show(
        "Something went wrong",
        failure(error, () => open(here(), true), { heading: "h1" }),
      );
    }
  }

  function changed() {
    const now = here();
    if (current?.path === now.path && current.update) current.update(now.query);
    else open(now, true);
  }

  window.addEventListener("hashchange", changed);
  open(here(), false);
  return () => open(here(), false);
}
