/* Which page to show: #/<kind> is a list, #/<kind>/<name> the sheet of one. */

import { courseList, courseSheet, planList, planSheet } from "./catalogue.js";
import { freeRooms } from "./free.js";
import { attempt, say } from "./page.js";
import { roomList, roomSheet } from "./rooms.js";

const PAGES = {
  rooms: [roomList, roomSheet],
  free: [freeRooms, freeRooms],
  courses: [courseList, courseSheet],
  studyplans: [planList, planSheet],
};
let left = new AbortController();

function decoded(name = "") {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new Error(`Nothing can be called ${name}`);
  }
}

/** Show what the address names; the list of rooms for an unknown one. */
function show() {
  const [, kind, name] = /^#\/(\w+)\/?(.*)$/.exec(location.hash) ?? [];
  const page = Object.hasOwn(PAGES, kind) ? kind : "rooms";
  const view = document.getElementById("view");
  left.abort();
  left = new AbortController();
  for (const link of document.querySelectorAll("nav a"))
    link.ariaCurrent = link.hash === `#/${page}` ? "page" : null;
  view.replaceChildren();
  say("Loading …");
  const { signal } = left;
  attempt(signal, () => PAGES[page][name ? 1 : 0](view, decoded(name), signal));
}

addEventListener("hashchange", () => {
  if (location.hash === "#title") return; // the skip link
  show();
  document.getElementById("title").focus();
});
show();
