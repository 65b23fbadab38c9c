/* Elements. Text of the API only ever becomes text nodes, and an address a link only if it is http or https. */

/** An element: properties `on…` are listeners, others attributes (false, undefined: none); children nodes or text. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined));
  return element;
}

/** A link to the sheet of one room, course or study plan. */
export const to = (kind, key, text = key) => el("a", { href: `#/${kind}/${encodeURIComponent(key)}` }, text);

/** A link out of here. */
export function outward(address, text) {
  const isWeb = address && URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  return isWeb ? el("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text) : text;
}

/** A labelled control: the label, which contains it, and the input. */
export function control(label, properties) {
  const input = el("input", properties);
  return [el("label", { class: properties.type }, el("span", {}, label), input), input];
}

export const controls = (...children) =>
  el("form", { class: "controls", onsubmit: (event) => event.preventDefault() }, children);

/** What is known of something: pairs of a word and a value, or several values. */
export function facts(...pairs) {
  const known = pairs.map(([word, value]) => [word, [value].flat()]).filter(([, [first]]) => first || first === 0);
  return el("dl", {}, known.map(([word, values]) =>
    el("div", {}, el("dt", {}, word), values.map((value) => el("dd", {}, value)))));
}

export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

const put = (id, text) => { document.getElementById(id).textContent = text; };
export const say = (text) => put("status", text);
export function title(text) {
  put("title", text);
  document.title = text;
}

/** Do what may fail; a failure is shown, unless the page was left meanwhile. */
export async function attempt(signal, work) {
  put("problem", "");
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    say("");
    put("problem", error.message);
  }
}
