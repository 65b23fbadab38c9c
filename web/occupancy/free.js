/* The slot picker: hours of one or more days, then the rooms that are free in all of them. */

import { findFreeRooms, findSoonestBookings } from "./api.js";
import { attempt, control, count, el, say, title, to } from "./page.js";
import { badge, kind, standing } from "./rooms.js";
import * as wall from "./wall.js";

const HOURS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21];

/** One range per chosen hour, from it to the end of the hours that follow on: 10–11 and 11–12 give 10–12, 11–12. */
function ranges(chosen) {
  return [...chosen].sort((one, other) => one - other).map((start) => {
    let end = start + wall.HOUR;
    while (chosen.has(end)) end += wall.HOUR;
    return { start: new Date(start), end: new Date(end) };
  });
}

/** A day and its hours; `chosen` is the set of the hours' beginnings, on whatever day. */
function slotPicker(chosen) {
  const today = wall.now().toISOString().slice(0, 10);
  const [label, day] = control("Day", { type: "date", required: true, value: today, onchange: () => draw() });
  const hours = el("fieldset", { class: "slots" });
  const summary = el("p", { class: "summary", "aria-live": "polite" });

  function summarise() {
    const whole = ranges(chosen).filter(({ start }) => !chosen.has(start - wall.HOUR));
    const texts = whole.map(({ start, end }) => `${wall.day(start)} ${wall.span(start, end)}`);
    summary.textContent = texts.join(", ") || "No slot chosen";
  }
  function slot(hour) {
    const start = +wall.read(day.value) + hour * wall.HOUR;
    const onchange = ({ target }) => {
      chosen[target.checked ? "add" : "delete"](start);
      summarise();
    };
    return control(`${hour}–${hour + 1}`, { type: "checkbox", checked: chosen.has(start), onchange })[0];
  }
  function draw() {
    summarise();
    if (!day.value) return;
    const legend = el("legend", {}, `Slots on ${wall.day(wall.read(day.value))}`);
    hours.replaceChildren(legend, ...HOURS.map(slot));
  }
  draw();
  return [el("div", { class: "controls" }, label), hours, summary];
}

/** Where one is, if given: the elements, and a function that reads {latitude, longitude} or undefined. */
function whereabouts() {
  const [latLabel, latitude] = control("Latitude", { type: "number", min: -90, max: 90, step: "any" });
  const [lonLabel, longitude] = control("Longitude", { type: "number", min: -180, max: 180, step: "any" });
  const fill = ({ coords }) => [latitude.value, longitude.value] = [coords.latitude, coords.longitude];
  const fail = () => say("This device does not tell where it is.");
  const locate = () => navigator.geolocation.getCurrentPosition(fill, fail, { timeout: 10_000 });
  const here = navigator.geolocation && el("button", { type: "button", onclick: locate }, "Where I am");
  const read = () => {
    if (!latitude.value !== !longitude.value) throw new Error("Give latitude and longitude, or neither.");
    return latitude.value ? { latitude: latitude.valueAsNumber, longitude: longitude.valueAsNumber } : undefined;
  };
  const inside = el("div", { class: "controls" }, latLabel, lonLabel, here);
  return [el("details", {}, el("summary", {}, "Near me"), inside), read];
}

function table(rooms, runs, until) {
  const isNear = rooms[0].distance !== undefined;
  const metres = ({ distance }) => distance === undefined ? "–" : `${Math.round(distance)} m`;
  const heads = ["Room", ...(isNear ? ["Distance"] : []), `From ${wall.clock(until)} on`];
  const row = (room) => el("tr", {},
    el("th", { scope: "row" }, to("rooms", room.name), el("small", {}, kind(room))),
    isNear ? el("td", {}, metres(room)) : undefined, el("td", {}, badge(standing(room, runs, until))));
  return el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rooms.map(row)));
}

export function freeRooms(view, _name, signal) {
  title("Free rooms");
  say("");
  const chosen = new Set();
  const [near, coordinates] = whereabouts();
  const results = el("div");
  const find = (event) => attempt(signal, async () => {
    event.preventDefault();
    results.replaceChildren();
    if (!chosen.size) throw new Error("Choose at least one slot.");
    const selection = ranges(chosen), until = selection.at(-1).end;
    const [rooms, runs] = await Promise.all([
      findFreeRooms(signal, selection, coordinates()), findSoonestBookings(signal, until)]);
    if (rooms.length) results.replaceChildren(table(rooms, runs, until));
    say(`${count(rooms.length, "room")} free`);
    results.querySelector("tbody :is(tr:nth-child(5), tr:last-child)")?.scrollIntoView({ block: "nearest" });
  });
  view.replaceChildren(el("form", { onsubmit: find }, slotPicker(chosen), near,
    el("div", { class: "controls" }, el("button", { class: "main" }, "Find free rooms"))), results);
}
