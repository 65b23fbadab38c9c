// What a web client of the Roomie wire does, in its order, from an origin that is not the server's.
// Each step writes a line; the test reads them and never waits for anything else.
"use strict";
const api = new URLSearchParams(location.search).get("api");
const day = new URLSearchParams(location.search).get("day");
const lines = document.getElementById("log");
const say = (step, value) => { lines.textContent += `${step} ${JSON.stringify(value)}\n`; };
let token = "";

async function call(path, fields) {
  const headers = token ? { Authorization: `Token ${token}` } : {};
  const options = fields ? { method: "POST", headers, body: new URLSearchParams(fields) } : { headers };
  const answer = await fetch(`${api}/${path}`, options);
  return { status: answer.status, body: await answer.json() };
}

// A long poll by a script element, as pages on other origins do it; an empty answer is polled again.
function poll(address) {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    window.told = (messages) => resolve(messages[0]);
    script.onerror = () => { script.remove(); setTimeout(() => resolve(poll(address)), 100); };
    script.src = `${address}?callback=told&tag=&time=&eventid=&_=${Date.now()}`;
    document.head.append(script);
  });
}

document.getElementById("login").addEventListener("click", async () => {
  try {
    const popup = window.open("about:blank", "login");
    const begun = (await call("user.login.getToken/")).body;
    popup.location = begun.loginUrl;
    say("begun", (await call("user.login.status/", { sid: begun.sid })).body);
    const message = await poll(begun.stream_sub_lp_url);
    const session = JSON.parse(atob(message.text));
    token = session.token;
    say("told", { id: message.id, channel: message.channel === begun.sid, result: session.result, groups: session.groups });
    say("status", (await call("user.login.status/", { sid: begun.sid })).body.status);
    const rooms = (await call("rooms.list/")).body;
    say("rooms", rooms.map((room) => [room.room_id, room.individual_access]));
    const own = { room_id: rooms[1].room_id, date: day, start_time: "11:01", end_time: "13:00", notes: "revision" };
    const booked = (await call("rooms.book/", own)).body;
    say("booked", booked.success);
    say("slots", (await call(`rooms.bookings/?room_id=${own.room_id}&date=${day}`)).body);
    say("own", (await call("user.bookings/")).body.map((booking) => booking.start));
    say("deleted", (await call(`rooms.deleteBooking/?booking_id=${booked.booking_id}`)).body.success);
    const society = session.societies[0][1];
    say("society", (await call(`society.token/?society_id=${society}`)).body.token.length);
    const event = { room_id: rooms[0].room_id, date: day, start_time: "15:01", end_time: "17:00", society,
                    event_name: "Screening", society_booking: "true" };
    say("event", (await call("rooms.book/", event)).body.success);
    say("user", (await call("society.addUser/", { username: "student@wil.com", society_id: society })).body.success);
    say("refused", (await call("rooms.book/", own)).body.success ?? (await call("rooms.book/", own)).body.code);
    say("logout", (await call("user.logout/")).body.success);
    say("after", (await call("rooms.list/")).status);
  } catch (error) {
    say("failed", String(error));
  }
  say("end", true);
});
