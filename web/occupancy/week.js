/* Schedules, week by week: a timetable where there is space for one, a list by days where there is not. */

import { controls, el, to } from "./page.js";
import * as wall from "./wall.js";

const LABELS = { cours: "lecture", exercice: "exercise", projet: "project", event: "event" };

/** The part of each schedule on one day, in hours, with a lane of its own among those it overlaps. */
function pieces(schedules, day) {
  const hour = (date) => Math.min(Math.max((date - day) / wall.HOUR, 0), 24);
  const found = schedules.filter(({ start, end }) => start < wall.plus(day, wall.DAY) && end > day)
    .map((schedule) => ({ ...schedule, from: hour(schedule.start), until: hour(schedule.end) }));
  let cluster = [];
  for (const piece of found) {
    if (cluster.every((other) => other.until <= piece.from)) cluster = [];
    const taken = cluster.filter((other) => other.until > piece.from).map((other) => other.lane);
    piece.lane = [...taken.keys(), taken.length].find((lane) => !taken.includes(lane));
    piece.cluster = cluster;
    cluster.push(piece);
  }
  return found;
}

function entry({ course, rooms = [], name, label, start, end, from, until, lane, cluster }, first) {
  const word = LABELS[label] ?? label;
  const what = course ? [to("courses", course.code), ` ${course.name} `] : [name];
  const where = rooms.flatMap((room) => [to("rooms", room.name), " "]);
  const element = el("li", { class: `entry ${LABELS[label] ?? "other"}` },
    el("div", {}, el("b", {}, wall.span(start, end)), ` ${word} `), what, where);
  element.title = element.textContent;
  const lanes = Math.max(...cluster.map((other) => other.lane)) + 1;
  for (const [key, value] of Object.entries({ from: from - first, long: until - from, lane, lanes }))
    element.style.setProperty(`--${key}`, value);
  return element;
}

/** The days of one week with what is on them; without an empty weekend. */
function timetable(schedules, monday) {
  const days = [0, 1, 2, 3, 4, 5, 6].map((number) => wall.plus(monday, number * wall.DAY))
    .map((day) => [day, pieces(schedules, day)]).filter(([, found], number) => number < 5 || found.length);
  const all = days.flatMap(([, found]) => found);
  const first = Math.floor(Math.min(8, ...all.map(({ from }) => from)));
  const last = Math.ceil(Math.max(18, ...all.map(({ until }) => until)));
  const hours = Array.from({ length: last - first }, (_, number) => el("li", {}, `${first + number}:00`));
  const today = +wall.startOfDay(wall.now());
  const element = el("div", { class: "days" }, el("ol", { class: "clock", "aria-hidden": "true" }, hours),
    days.map(([day, found]) => el("section", { class: found.length ? "day" : "day empty" },
      el("h3", { class: +day === today && "today" }, wall.day(day)),
      el("ol", {}, found.map((piece) => entry(piece, first))))),
    all.length ? undefined : el("p", {}, "Nothing in this week."));
  element.style.setProperty("--hours", last - first);
  element.style.setProperty("--columns", days.length);
  return element;
}

/** A view of schedules (of a room, a course, a study plan), with buttons to go from week to week. */
export function week(raw) {
  const schedules = raw.map((one) =>
    ({ ...one, start: wall.read(one.start_datetime), end: wall.read(one.end_datetime) }));
  const now = wall.now();
  const next = schedules.find(({ end }) => end > now) ?? schedules.at(-1);
  const heading = el("h2", { "aria-live": "polite" });
  const place = el("div");
  let monday;
  function show(day) {
    monday = wall.startOfWeek(day);
    const sunday = wall.plus(monday, 6 * wall.DAY);
    heading.textContent = `${wall.day(monday)} – ${wall.day(sunday)} ${sunday.getUTCFullYear()}`;
    place.replaceChildren(timetable(schedules, monday));
  }
  const button = (text, day) => el("button", { type: "button", onclick: () => show(day()) }, text);
  show(!next || (next.start <= now && next.end > now) ? now : next.start);
  return el("section", { class: "week" }, controls(heading, button("Earlier", () => wall.plus(monday, -7 * wall.DAY)),
    button("This week", wall.now), button("Later", () => wall.plus(monday, 7 * wall.DAY))), place);
}
