/* What the admin's pages need so that they work without `eval`.
 *
 * alpine.js beside this file is Alpine's own build for a strict Content-Security-Policy, which stands in for the one that
 * comes with the admin's theme. It evaluates expressions by itself: it knows no arrow functions, no statements and no
 * globals. The few of the theme's expressions that have some are given here in plain JavaScript.
 */
"use strict";

/* Functions of the theme's app.js that expressions name. */
const DATA = ["searchForm", "searchDropdown", "searchCommand"];
const SIDEBAR = "sidebarDesktopOpen";

/* The browser's own object is a global. */
const storage = {
  getItem: (name) => localStorage.getItem(name),
  setItem: (name, value) => localStorage.setItem(name, value),
};

function closeSearch(event) {
  this.openSearchResults = false;
  const input = event.target;
  if (input.value === "") {
    input.blur();
  } else {
    input.value = "";
  }
}

function selectUnlessModified(event, withHistory) {
  if (!event.metaKey && !event.ctrlKey) {
    this.selectItem(withHistory, false);
  }
}

/* Expressions with statements become calls: [attribute, what is in it, what it becomes]. */
const STATEMENTS = [
  ["x-on:click", /^(sidebarDesktopOpen = !sidebarDesktopOpen); localStorage/, (toggle) => toggle],
  ["x-on:focus", /^(openSearchResults = true; currentIndex = 0)$/, () => "[openSearchResults = true, currentIndex = 0]"],
  ["x-on:keydown.escape.prevent", /^openSearchResults = false; if/, () => "closeSearch($event)"],
  [
    "x-on:keydown.enter.prevent",
    /^if \(!\$event\.metaKey && !\$event\.ctrlKey\) selectItem\((true|false), false\)$/,
    (withHistory) => `selectUnlessModified($event, ${withHistory})`,
  ],
];

function rewriteStatements(root) {
  for (const [attribute, pattern, replacement] of STATEMENTS) {
    const selector = `[${CSS.escape(attribute)}]`;
    const elements = [...root.querySelectorAll(selector), ...(root.matches?.(selector) ? [root] : [])];
    for (const element of elements) {
      const match = element.getAttribute(attribute).trim().match(pattern);
      if (match) {
        element.setAttribute(attribute, replacement(match[1]));
      }
    }
  }
}

document.addEventListener("alpine:init", () => {
  for (const name of DATA) {
    if (typeof window[name] === "function") {
      Alpine.data(name, window[name]);
    }
  }
  const address = { location: { pathname: location.pathname, search: location.search } };
  const shared = { localStorage: storage, window: address, closeSearch, selectUnlessModified };
  for (const name of ["sortRecords", "getCurrentTab"]) {
    shared[name] = window[name];
  }
  if (typeof moveRecords === "function") {
    shared.moveRecords = moveRecords;
  }
  const ofTheTheme = window.theme;
  Alpine.data("theme", (...given) => ({ ...ofTheTheme(...given), ...shared }));
  rewriteStatements(document.documentElement);

  // The body's `x-init` has an arrow function: it is done below, once the page is initialised.
  const body = document.body;
  const start = body.getAttribute("x-init");
  if (start === null) {
    return;
  }
  body.removeAttribute("x-init");
  const primaryTab = start.match(/getCurrentTab\(\) \|\| '([^']*)'/)?.[1] ?? "";
  const hasTabs = start.includes("getCurrentTab()");
  document.addEventListener(
    "alpine:initialized",
    () => {
      const data = Alpine.$data(body);
      data.activeTab = (hasTabs && window.getCurrentTab()) || primaryTab;
      Alpine.effect(() => localStorage.setItem(SIDEBAR, data[SIDEBAR] ? "1" : "0"));
    },
    { once: true },
  );
});

/* What is fetched later passes here before Alpine sees it. */
document.addEventListener("htmx:beforeSwap", () => queueMicrotask(() => rewriteStatements(document.documentElement)));
