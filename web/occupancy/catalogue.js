/* Courses and study plans: lists and sheets. */

import { get } from "./api.js";
import { control, controls, count, el, facts, outward, say, title, to } from "./page.js";
import * as wall from "./wall.js";
import { week } from "./week.js";

const planName = ({ unit, semester }) => `${unit.name}, ${semester.name}`;
const row = (link, text, remark) => el("li", { class: "row" }, link, el("span", {}, text), el("small", {}, remark));
const courseRow = (one) => row(to("courses", one.code), one.name,
  [count(one.credits, "credit"), one.semesterType].filter(Boolean).join(" · "));
const planRow = (plan) => row(to("studyplans", plan._id, plan.unit.name),
  [plan.unit.section, plan.unit.promo].filter(Boolean).join(" · "), plan.semester.name);

/** A list of rows, with a box that narrows it to those with a word. */
function rows(items, noun, show) {
  const list = el("ul", { class: "rows" });
  const [label, word] = control("Containing", { type: "search", oninput: () => draw() });
  const all = items.map(show);
  function draw() {
    const shown = all.filter((item) => item.textContent.toLowerCase().includes(word.value.toLowerCase()));
    list.replaceChildren(...shown);
    say(count(shown.length, noun));
  }
  draw();
  return [controls(label), list];
}

export async function courseList(view, _code, signal) {
  title("Courses");
  view.replaceChildren(...rows(await get(signal, "courses"), "course", courseRow));
}

export async function courseSheet(view, code, signal) {
  title(code);
  const one = await get(signal, "courses", code);
  title(`${one.code} ${one.name}`);
  say(count(one.schedules.length, "lecture"));
  view.replaceChildren(
    facts(["Credits", one.credits], ["Language", one.language],
      ["Teachers", one.teachers.map((teacher) => outward(teacher.people_url, teacher.name))],
      ["Study plans", one.studyplans.map((plan) => to("studyplans", plan._id, planName(plan)))],
      ["Page", one.edu_url && outward(one.edu_url, "About the course")]),
    week(one.schedules));
}

export async function planList(view, _id, signal) {
  title("Study plans");
  view.replaceChildren(...rows(await get(signal, "studyplans"), "study plan", planRow));
}

export async function planSheet(view, id, signal) {
  title("Study plan");
  const plan = await get(signal, "studyplans", id);
  title(planName(plan));
  say(count(plan.courses.length, "course"));
  view.replaceChildren(
    facts(["Section", plan.unit.section], ["Semester", plan.semester.type],
      ["No lectures", plan.semester.skip_dates.map((date) => wall.day(wall.read(date)))]),
    el("ul", { class: "rows" }, plan.courses.map(courseRow)), week(plan.schedules));
}
