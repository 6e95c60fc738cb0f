// How the operator's pages ask: as "operator", with the token that this window holds. When the
// server refuses it, `onRefused` hears of it, and whoever asked gets the error all the same.

import * as api from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { count } from "../lib/money.js";
import { busy, explain, field, showErrors } from "../lib/ui.js";
import { adminToken, setAdminToken } from "../lib/user.js";

const refusals = new EventTarget();

export function onRefused(f) {
  refusals.addEventListener("refused", f);
}

/** As ask of lib/api.js. */
export async function ask(method, path, { headers, ...more } = {}) {
  try {
    return await api.ask(method, path, { ...more, headers: { "X-User-Id": "operator", ...headers } });
  } catch (error) {
    if (error.status === 401) refusals.dispatchEvent(new Event("refused"));
    throw error;
  }
}

/** Only the data of GET. */
export const get = async (path, options) => (await ask("GET", path, options)).data;

/** One sentence about an error, for a dialog or a live region. */
export function sentence(error) {
  const [title, text] = explain(error);
  return error.status >= 400 && error.status < 500 ? error.message : `${title}. ${text}`;
}

/** many(2, "order") → "2 orders" */
export const many = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Puts `banner` in place of what `message` said, and takes the reader there. */
export function tell(message, banner) {
  fill(message, banner);
  banner.tabIndex = -1;
  banner.focus();
}

/** The head of a page: its title, and what can be done on it. */
export const head = (title, ...actions) =>
  h("div", { class: "page-head" }, h("h1", {}, title), h("div", { class: "page-actions" }, actions));

// --- the token ---

/** Why the server would not have it; nothing when it would. */
async function complaintAbout(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) return "A token has no spaces, and only plain letters, digits and signs.";
  try {
    await api.ask("GET", "/inventory?limit=1", { headers: { Authorization: `Bearer ${token}` } });
    return "";
  } catch (error) {
    return error.status === 401 ? "That is not the token that this Troupe was started with." : sentence(error);
  }
}

/** Asks for the token until the server takes one, then calls `done`. */
export function tokenForm(done) {
  const held = adminToken();
  const button = h("button", { class: "btn btn-primary", type: "submit" }, "Open the operator's pages");
  const form = h("form", { class: "panel token-form", novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    const token = form.elements.token.value.trim();
    const complaint = await busy(button, () => complaintAbout(token));
    if (complaint === undefined) return; // it is being asked already
    showErrors(form, { token: complaint });
    if (complaint) return;
    setAdminToken(token);
    done();
  } },
  h("h1", {}, "Operator's pages"),
  h("p", {}, "This Troupe was started with an admin token. What you enter stays in this browser tab, and is forgotten when you close it."),
  field({ label: "Admin token", name: "token", type: "password", autocomplete: "current-password", maxlength: 500, value: "",
          hint: "It stands as admin.token in Troupe's configuration." }),
  button);
  if (held) showErrors(form, { token: "The token that this tab held is not the right one any more." });
  setAdminToken("");
  return form;
}
