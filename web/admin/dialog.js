// A form in a dialog: told errors at their fields, sent once however often one clicks, closed by
// Escape and Cancel.

import { fill, h } from "../lib/dom.js";
import { banner, busy, showErrors } from "../lib/ui.js";
import { sentence } from "./desk.js";

/** The names of fields from a problem's pointers: "#/stock" → stock. */
const errorsAt = (error) => Object.fromEntries((error.errors ?? []).map(({ pointer, detail }) => [pointer.replace(/^#\//, ""), `It ${detail}.`]));

/**
 * Shows `fields` in a dialog. send(form) does it, and throws the server's error; {name: text} that it
 * returns as `errors` is shown at the fields, `done` closes the dialog. `onError(error, say)` may
 * say something else than the error, and answers true when it did. Resolves to what send returned,
 * or to null when the reader left.
 */
export function formDialog({ title, fields, more, yes, send, onError = () => false }) {
  return new Promise((resolve) => {
    let result = null;
    const message = h("div", {});
    const say = (...nodes) => fill(message, nodes);
    const submit = h("button", { class: "btn btn-primary", type: "submit" }, yes);
    const cancel = h("button", { class: "btn btn-quiet", type: "button", onclick: () => dialog.close() }, "Cancel");
    const trySend = async () => {
      say();
      showErrors(form, {});
      try {
        const { errors, ...done } = await send(form);
        if (errors) return showErrors(form, errors);
        result = done;
        dialog.close();
      } catch (error) {
        if (onError(error, say)) return undefined;
        const at = errorsAt(error);
        if (Object.keys(at).some((name) => form.elements[name])) showErrors(form, at);
        else say(banner("bad", error.unknownOutcome ? "It may have been done, or not" : "Nothing was done", sentence(error)));
      }
      return undefined;
    };
    const form = h("form", { novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      busy(submit, trySend);
    } }, h("h2", { id: "form-title" }, title), message, h("div", { class: "fields" }, fields), more,
    h("div", { class: "dialog-buttons" }, cancel, submit));
    const dialog = h("dialog", { class: "dialog is-form", "aria-labelledby": "form-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
