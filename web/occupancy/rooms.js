/* Rooms: all of them with how they stand at a time, and the sheet of one. */

import { findSoonestBookings, get } from "./api.js";
import { attempt, control, controls, count, el, facts, outward, say, title, to } from "./page.js";
import * as wall from "./wall.js";
import { week } from "./week.js";

/** How a room stands at a wall time, by the answer of findSoonestBookings for that time: a class and a sentence. */
export function standing(room, runs, at) {
  if (!runs.has(room.name)) return ["unknown", "Unknown"];
  const run = runs.get(room.name);
  if (!run) return ["free", "Free"];
  const start = wall.read(run.start_datetime);
  if (start <= at) return ["taken", `Taken until ${wall.moment(wall.read(run.end_datetime), at)}`];
  return [start - at <= wall.HOUR ? "soon" : "free", `Free until ${wall.moment(start, at)}`];
}

export const badge = ([state, text]) => el("span", { class: `badge ${state}` }, text);
export const kind = (room) => [room.type, room.building].filter(Boolean).join(" · ");

const card = ([room, standing]) => el("li", { class: `card ${standing[0]}` },
  el("h2", {}, to("rooms", room.name)), el("p", {}, kind(room)), badge(standing));

export async function roomList(view, _name, signal) {
  title("Rooms");
  const list = el("ul", { class: "cards" });
  const now = wall.now().toISOString().slice(0, 16);
  const [wordLabel, word] = control("Name, type or building", { type: "search", oninput: () => draw() });
  const [atLabel, at] = control("At", { type: "datetime-local", value: now, onchange: () => load() });
  const [freeLabel, free] = control("Free only", { type: "checkbox", onchange: () => draw() });
  const rooms = await get(signal, "rooms");
  let stand = [];

  function draw() {
    const shown = stand.filter(([room, [state]]) => (!free.checked || ["free", "soon"].includes(state)) &&
      `${room.name} ${kind(room)}`.toLowerCase().includes(word.value.toLowerCase()));
    list.replaceChildren(...shown.map(card));
    say(`${count(shown.length, "room")}, ${shown.filter(([, [state]]) => state === "taken").length} taken`);
  }
  const load = () => attempt(signal, async () => {
    const asked = at.value;
    const runs = asked && await findSoonestBookings(signal, wall.read(asked));
    if (!asked || asked !== at.value) return; // another time was chosen meanwhile
    stand = rooms.map((room) => [room, standing(room, runs, wall.read(asked))]);
    draw();
  });
  view.replaceChildren(controls(wordLabel, atLabel, freeLabel), list);
  await load();
}

export async function roomSheet(view, name, signal) {
  title(name);
  const room = await get(signal, "rooms", name);
  say(count(room.schedules.length, "booking"));
  view.replaceChildren(
    facts(["Type", room.type], ["Building", room.building], ["Level", room.level], ["Seats", room.capacity],
      ["Page", room.link && outward(room.link, "Where it is")]),
    week(room.schedules));
}
