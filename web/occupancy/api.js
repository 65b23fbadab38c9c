/* The published calls: no credentials and, on reads, no header that would need a preflight. */

const SECONDS = 20;

/** Where the API is: `?api=https://rooms.example/api`, or /api of the origin that served this page. */
function base() {
  const given = new URLSearchParams(location.search).get("api") || "/api";
  const url = URL.canParse(given, location.href) && new URL(given, location.href);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`?api=${given} is no http or https address`);
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

async function call(signal, path, options) {
  const api = base();
  const late = AbortSignal.timeout(SECONDS * 1000);
  const unreached = () => {
    throw new Error(late.aborted ? `No answer within ${SECONDS} seconds.` : `The API at ${api} cannot be reached.`);
  };
  const either = AbortSignal.any([signal, late]);
  const response = await fetch(`${api}/${path}`, { credentials: "omit", signal: either, ...options }).catch(unreached);
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  throw new Error(answer?.message || `The server answered ${response.status}, and not with JSON.`);
}

/** GET a path given in parts, such as "rooms", "Room A". Rejects with the server's `message`. */
export async function get(signal, ...path) {
  const dots = path.find((part) => /^\.{1,2}$/.test(part)); // a browser takes these out of an address
  if (dots) throw new Error(`Nothing is called ${dots}`);
  return call(signal, path.map(encodeURIComponent).join("/"));
}

const post = (signal, path, body) => call(signal, path,
  { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** The rooms free in all ranges {start, end}; nearest first if `coordinates` {latitude, longitude} are given. */
export const findFreeRooms = (signal, selection, coordinates) =>
  post(signal, "rooms/find_free_rooms", { selection, coordinates });

/** A map: room name → the run of bookings that is under way at a wall time or comes next, or undefined. */
export async function findSoonestBookings(signal, at) {
  const rooms = await post(signal, "rooms/find_soonest_bookings", { after_date: at });
  return new Map(rooms.map((room) => [room.name, room.soonest_booking]));
}
