/* Wall time. Each datetime of this API is the campus's wall clock labelled as UTC, all year: a lecture at 08:15
   is "…T08:15:00.000Z". Dates are therefore read and written by their UTC fields only; none is a true instant. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What the wall clock shows now; this machine's clock is taken for the campus's. */
export function now() {
  const here = new Date();
  return new Date(Date.UTC(here.getFullYear(), here.getMonth(), here.getDate(), here.getHours(), here.getMinutes()));
}

/** From the API's text, or from the value of a date or datetime-local control ("2026-11-23", "2026-11-23T08:15"). */
export const read = (text) => new Date(text.includes("T") && !text.endsWith("Z") ? `${text}Z` : text);
export const plus = (date, duration) => new Date(+date + duration);
export const startOfDay = (date) => new Date(Math.floor(date / DAY) * DAY);
export const startOfWeek = (date) => plus(startOfDay(date), -((date.getUTCDay() + 6) % 7) * DAY);

const form = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format;
export const clock = form({ hour: "2-digit", minute: "2-digit" });
export const day = form({ weekday: "short", day: "numeric", month: "short" });
export const span = (start, end) => `${clock(start)}–${clock(end)}`;

/** The time, with its day unless that is the day of `beside`. */
export const moment = (date, beside) =>
  +startOfDay(date) === +startOfDay(beside) ? clock(date) : `${day(date)}, ${clock(date)}`;
