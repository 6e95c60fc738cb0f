// Who looks at the pages: one of a few customers (there is no login), and the operator's token.

import { kept, session } from "./store.js";

export const customers = [
  { id: "user-1", name: "Ada" },
  { id: "user-2", name: "Grace" },
  { id: "user-3", name: "Linus" },
];

/** The id that goes in X-User-Id. */
export function user() {
  const id = kept.get("user", customers[0].id);
  return customers.some((one) => one.id === id) ? id : customers[0].id;
}

export function setUser(id) {
  kept.set("user", id);
}

/** The admin token of this window; "" while none was asked for. */
export function adminToken() {
  return session.get("adminToken", "");
}

export function setAdminToken(token) {
  session.set("adminToken", token || null);
}
