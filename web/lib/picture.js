// Product pictures, drawn from category and name: the same product always looks the same.

import { h, svg } from "./dom.js";
import { drawings } from "./drawings.js";

/** FNV-1a, 32 bits. */
function hash(text) {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 16777619);
  return value >>> 0;
}

// Of the drawings' categories; a parcel gets one by the product's name.
const hues = {
  Electronics: 215,
  Books: 28,
  "Home & Kitchen": 8,
  "Sports & Outdoors": 160,
  "Toys & Games": 45,
  "Beauty & Care": 330,
  Garden: 110,
  Office: 255,
};

function drawingOf(product) {
  return (
    drawings.find(({ words }) => words.test(product.name)) ??
    drawings.findLast(({ category }) => category === product.category) ??
    drawings.at(-1)
  );
}

function colours(name, category) {
  const own = hash(name);
  const hue = ((hues[category] ?? own % 360) + (own % 29) - 14 + 360) % 360;
  return {
    sky: `hsl(${hue} 42% 90%)`,
    ground: `hsl(${hue} 34% 81%)`,
    halo: `hsl(${hue} 55% 96%)`,
    main: `hsl(${hue} 40% 46%)`,
    dark: `hsl(${hue} 42% 28%)`,
    light: `hsl(${hue} 45% 72%)`,
    pop: `hsl(${(hue + 160 + ((own >>> 8) % 60)) % 360} 62% 58%)`,
    white: "#fffdf8",
  };
}

/** One of drawings.js, whose colours are named, as an SVG shape. */
function shape([tag, attributes], palette) {
  const named = (value) => palette[value] ?? value;
  return svg(
    tag,
    Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        name === "fill" || name === "stroke" ? named(value) : value,
      ]),
    ),
  );
}

/** An <svg> of 4:3 that fills its box; the name beside it says what it is. */
export function picture(product) {
  const { category, shapes } = drawingOf(product);
  const palette = colours(product.name, category);
  const turn = hash(product.name) >>> 4;
  return h(
    "div",
    { class: "picture" },
    svg(
      "svg",
      {
        viewBox: "0 0 400 300",
        preserveAspectRatio: "xMidYMid slice",
        "aria-hidden": "true",
        focusable: "false",
      },
      svg("rect", { width: 400, height: 300, fill: palette.sky }),
      svg("circle", { cx: 130 + (turn % 140), cy: 110 + (turn % 40), r: 118, fill: palette.halo }),
      svg("path", { d: "M0 236h400v64H0z", fill: palette.ground }),
      svg("ellipse", { cx: 200, cy: 240, rx: 104, ry: 10, fill: palette.dark, opacity: 0.18 }),
      svg(
        "g",
        {},
        shapes.map((one) => shape(one, palette)),
      ),
    ),
  );
}
