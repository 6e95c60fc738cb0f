// Builds elements. Text only ever becomes text nodes: nothing here, or anywhere in web/, makes
// markup of a string, and the Content-Security-Policy (trusted types) would refuse it.

const svgSpace = "http://www.w3.org/2000/svg";

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
  return parent;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/**
 * h("a", {class: "btn", href: "#/", onclick: f}, "text", node, [more]): an element.
 * An attribute that is false, null or undefined is left out, true is one without a value; children
 * likewise, and lists are flattened. `value` is set when the children are there (for select).
 */
export function h(tag, attributes, ...children) {
  return setAll(append(document.createElement(tag), children), attributes);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return setAll(append(document.createElementNS(svgSpace, tag), children), attributes);
}

/** Puts `children` (as for h) in place of what `parent` holds. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return append(parent, children);
}
