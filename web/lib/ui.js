// What all pages share: loading, empty and error states, messages, dialogs, form fields.

import { fill, h, svg } from "./dom.js";

const icons = {
  cart: "M3 4h2l2.2 10.4a1.5 1.5 0 0 0 1.5 1.2h8.1a1.5 1.5 0 0 0 1.5-1.2L20 7.5H6M9.5 20a1 1 0 1 0 0-2 1 1 0 0 0 0 2ZM17 20a1 1 0 1 0 0-2 1 1 0 0 0 0 2Z",
  bell: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6M10 20a2 2 0 0 0 4 0",
  box: "M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l5 5",
  check: "M5 12.5 10 17 19 7.5",
  truck:
    "M2 6h12v10H2zM14 10h4l3 3v3h-7M6.5 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM17 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  card: "M3 6h18v12H3zM3 10h18",
  warn: "M12 4 2.5 20h19zM12 10v4M12 17v.5",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21c1-4 4-6 8-6s7 2 8 6",
  wrench: "M14 7a4 4 0 0 1 5-4l-2.5 2.5 2 2L21 5a4 4 0 0 1-5.5 5L8 18a2 2 0 0 1-3-3l7.5-7.5",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
};

/** A line drawing of 24 × 24 that says nothing to a screen reader. */
export function icon(name, size = 20) {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      width: size,
      height: size,
      class: "icon",
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", {
      d: icons[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.7",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

// --- states of a page ---

/** Grey lines in place of what is on its way. */
export function skeleton(lines = 4) {
  return h(
    "div",
    { class: "skeleton", role: "status" },
    h("span", { class: "visually-hidden" }, "Loading"),
    Array.from({ length: lines }, () => h("div", { class: "skeleton-line", "aria-hidden": "true" })),
  );
}

/** `action`: a link or button that leads on. */
export function empty({ title, text, icon: drawing = "box", action, heading = "h2" }) {
  return h(
    "div",
    { class: "state" },
    h("div", { class: "state-icon" }, icon(drawing, 36)),
    h(heading, { class: "state-title" }, title),
    text && h("p", {}, text),
    action,
  );
}

/** What an error means to the reader, with a button that tries again. */
export function failure(error, retry, { heading = "h2" } = {}) {
  const [title, text] = explain(error);
  return h(
    "div",
    { class: "state", role: "alert" },
    h("div", { class: "state-icon is-bad" }, icon("warn", 36)),
    h(heading, { class: "state-title" }, title),
    h("p", {}, text),
    retry && h("button", { class: "btn btn-primary", type: "button", onclick: retry }, "Try again"),
  );
}

/** [title, sentence] for people. */
export function explain(error) {
  if (error.status === 0)
    return ["No connection", `${error.message} Check your connection; nothing was lost.`];
  if (error.status === 404) return ["Not found", "There is nothing at this address, or it is not yours."];
  if (error.status === 401) return ["A token is needed", "These pages are for the operator."];
  if (error.status === 429)
    return ["A moment, please", `Too many requests. Try again in ${error.retryAfter || 1} s.`];
  if (error.status >= 500)
    return ["The shop is catching its breath", "The server cannot answer right now. Try again in a moment."];
  return ["That did not work", error.message];
}

// --- messages ---

function region(id, attributes) {
  return document.getElementById(id) ?? document.body.appendChild(h("div", { id, ...attributes }));
}

/** Says it to a screen reader only. */
export function announce(text) {
  const live = region("announcer", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  live.textContent = text;
}

/** A note in the corner for 6 s; `kind`: "good", "bad" or "info"; `link`: [text, href]. */
export function toast(text, { kind = "good", link } = {}) {
  const list = region("toasts", { class: "toasts", role: "status", "aria-live": "polite" });
  const close = h("button", {
    class: "btn-close",
    type: "button",
    "aria-label": "Close",
    onclick: () => note.remove(),
  });
  const note = h(
    "div",
    { class: `note is-${kind}` },
    icon(kind === "bad" ? "warn" : "check"),
    h("span", {}, text),
    link && h("a", { href: link[1] }, link[0]),
    close,
  );
  list.append(note);
  setTimeout(() => note.remove(), 6000);
}

/** A message that stays in the page; `kind`: "good", "bad", "warn" or "info". */
export function banner(kind, title, ...children) {
  return h(
    "div",
    { class: `banner is-${kind}`, role: kind === "bad" ? "alert" : "status" },
    icon(kind === "good" ? "check" : "warn"),
    h("div", {}, title && h("strong", {}, title), ...children),
  );
}

/** Resolves to true when the reader agrees. Escape, and what is outside, are a no. */
export function agreed({ title, text, yes, no = "Keep it", danger = true }) {
  return new Promise((resolve) => {
    const button = (value, label, look) =>
      h("button", { type: "button", class: `btn ${look}`, onclick: () => dialog.close(value) }, label);
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title),
      h("p", {}, text),
      h(
        "div",
        { class: "dialog-buttons" },
        button("", no, "btn-quiet"),
        button("yes", yes, danger ? "btn-danger" : "btn-primary"),
      ),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// --- forms ---

/**
 * A labelled input with a place for its error: {label, name, hint, ...attributes of the input}.
 * `input` is the control itself when it is no <input>.
 */
export function field({ label, name, hint, input, wide, ...attributes }) {
  const id = `field-${name}`;
  const control = input ?? h("input", { class: "form-control", ...attributes });
  control.id = id;
  control.setAttribute("name", name);
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  return h(
    "div",
    { class: wide ? "field is-wide" : "field" },
    h("label", { for: id, class: "form-label" }, label),
    control,
    h("div", { id: `${id}-hint`, class: "form-text" }, hint),
    h("div", { id: `${id}-error`, class: "field-error" }),
  );
}

/** Shows `errors` ({name: text}) at the fields of `form`, and goes to the first of them. */
export function showErrors(form, errors) {
  for (const control of form.querySelectorAll("[aria-describedby]")) {
    const text = errors[control.name];
    control.classList.toggle("is-invalid", Boolean(text));
    control.setAttribute("aria-invalid", text ? "true" : "false");
    fill(form.querySelector(`#${control.id}-error`), text);
  }
  form.querySelector(".is-invalid")?.focus();
}

/** Runs `work` with the button disabled and turning; a second click does nothing. */
export async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  const held = document.activeElement === button;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
    // What is disabled loses the focus.
    if (held && document.activeElement === document.body) button.focus();
  }
}
