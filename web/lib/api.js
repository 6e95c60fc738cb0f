// Asks the server. A refusal becomes an ApiError, whose `code` is stable (docs/api.md).

import { adminToken, user } from "./user.js";

export class ApiError extends Error {
  /** `status` 0: no answer came (`code` "offline" or "timeout"). */
  constructor(status, problem, retryAfter = 0) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.errors = problem.errors ?? []; // [{pointer, detail}] of bad fields
    this.problem = problem; // with `prices`, `stock`, …
    this.retryAfter = retryAfter; // seconds
  }

  /** Nobody knows whether the server did it: ask again, with the same key. */
  get unknownOutcome() {
    return this.status === 0 || this.status >= 500 || this.code === "key_in_progress";
  }
}

/** "/orders" and {status: "", limit: 5} → "/orders?limit=5". */
export function url(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

function headersOf({ key, headers, body }) {
  const token = adminToken();
  return {
    Accept: "application/json",
    "X-User-Id": user(),
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "Content-Type": "application/json" }),
    ...(key && { "Idempotency-Key": key }),
    ...headers,
  };
}

async function problemOf(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  const problem = type.includes("json") ? await answer.json().catch(() => ({})) : {};
  return new ApiError(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0);
}

async function dataOf(answer) {
  const text = await answer.text();
  const type = answer.headers.get("Content-Type") ?? "";
  return text && type.includes("json") ? JSON.parse(text) : text;
}

/**
 * {data, status, headers} of a 2xx. Throws ApiError, also when no answer came within `timeout` ms,
 * and the AbortError of `signal` (the router ignores that one).
 */
export async function ask(method, path, { timeout = 15000, signal, ...more } = {}) {
  const patience = AbortSignal.timeout(timeout);
  try {
    const answer = await fetch(path, {
      method,
      headers: headersOf(more),
      body: more.body === undefined ? undefined : JSON.stringify(more.body),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      cache: "no-store",
    });
    if (!answer.ok) throw await problemOf(answer);
    return { data: await dataOf(answer), status: answer.status, headers: answer.headers };
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    if (patience.aborted)
      throw new ApiError(0, { code: "timeout", detail: "The server takes too long to answer." });
    throw new ApiError(0, { code: "offline", detail: "The server cannot be reached." });
  }
}

/** Only the data of GET. */
export const get = async (path, options) => (await ask("GET", path, options)).data;
export const post = (path, body, options) => ask("POST", path, { body, ...options });
export const put = (path, body, options) => ask("PUT", path, { body, ...options });
export const patch = (path, body, options) => ask("PATCH", path, { body, ...options });
export const del = (path, options) => ask("DELETE", path, options);

/** The cursor of the next page, from the Link header; "" on the last one. */
export function nextCursor(headers) {
  const found = /<([^>]*)>;\s*rel="next"/.exec(headers.get("Link") ?? "");
  return found ? (new URL(found[1], location.origin).searchParams.get("cursor") ?? "") : "";
}

/** Fit for an Idempotency-Key; also where crypto.randomUUID is not (plain HTTP by name). */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
