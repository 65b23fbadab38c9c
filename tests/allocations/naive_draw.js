// The draw once more, straight from its definition and as slowly as that reads: for each turn it looks through every
// group, for each entry through every date. Reads [{manifest, seed, salt}] as JSON, writes the results as JSON.
"use strict";
const { createHash, createHmac } = require("node:crypto");
const { readFileSync } = require("node:fs");

const hmac = (key, message) => createHmac("sha256", key).update(message, "utf8").digest();
const minutes = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const overlap = (a, b) => a.start < b.end && b.start < a.end;
const sameSlot = (a, b) => a.room === b.room && a.day === b.day;

function parse(text) {
  const manifest = { param: {}, weight: {}, closed: [], booked: [], entries: [] };
  for (const line of text.split("\n")) {
    const [kind, ...f] = line.split("\t");
    if (kind === "event") manifest.event = { id: f[0], first: f[1], last: f[2] };
    if (kind === "param") manifest.param[f[0]] = f[1];
    if (kind === "weight") manifest.weight[f[0]] = Number(f[1]);
    if (kind === "closed") manifest.closed.push({ room: f[0], date: f[1] });
    if (kind === "booked") manifest.booked.push({ room: f[0], date: f[1], start: minutes(f[2]), end: minutes(f[3]) });
    if (kind === "entry") {
      manifest.entries.push({
        id: Number(f[0]), group: f[1], room: f[2], day: Number(f[3]), start: minutes(f[4]), end: minutes(f[5]),
        rank: Number(f[6]), choice: f[7], state: f[8],
      });
    }
  }
  return manifest;
}

function isAvailable(manifest, entry) {
  let open = 0;
  let kept = 0;
  const last = Date.parse(manifest.event.last);
  for (let time = Date.parse(manifest.event.first); time <= last; time += 86400000) {
    const date = new Date(time).toISOString().slice(0, 10);
    if (new Date(time).getUTCDay() + 1 !== entry.day) continue;
    if (manifest.closed.some((c) => c.date === date && (c.room === "0" || c.room === entry.room))) continue;
    open += 1;
    if (manifest.booked.some((b) => b.room === entry.room && b.date === date && overlap(b, entry))) continue;
    kept += 1;
  }
  if (kept === 0) return false;
  if (manifest.param.conflict === "reject") return kept === open;
  return 100 * kept >= Number(manifest.param.min_percent) * open;
}

function draw({ manifest: text, seed, salt }) {
  const manifest = parse(text);
  const { param, entries } = manifest;
  const message = `cspace-draw/v1\nevent:${manifest.event.id}\nsalt:${salt}\n`;
  const key = hmac(Buffer.from(seed, "hex"), message);
  const ticket = (kind, id) => hmac(key, `${kind}:${id}`).toString("hex");
  const wins = [];

  const used = (group) =>
    wins.filter((w) => w.entry.group === group)
      .reduce((sum, w) => sum + (param.balance === "entries" ? 1 : w.entry.end - w.entry.start), 0);
  const scaled = (group) => (used(group) * 840) / (manifest.weight[group] || 1);
  const win = (position, entry) => wins.push({ position, entry, before: used(entry.group) });
  const winner = (entry) => wins.find((w) => sameSlot(w.entry, entry) && overlap(w.entry, entry));
  const choiceWon = (entry) =>
    entry.choice !== "0" && wins.some((w) => w.entry.group === entry.group && w.entry.choice === entry.choice);
  const maxReached = (group) =>
    param.max_wins !== "0" && wins.filter((w) => w.entry.group === group).length >= Number(param.max_wins);
  const fits = (entry) => !winner(entry) && !choiceWon(entry) && !maxReached(entry.group);

  entries.sort((a, b) => a.id - b.id);
  for (const entry of entries.filter((e) => e.state === "A")) win(0, entry);

  const available = entries.filter((e) => e.state === "P" && isAvailable(manifest, e));
  const rank = (entry) => param.tie === "ticket" ? entry.rank
    : available.filter((e) => e.group !== entry.group && sameSlot(e, entry) && overlap(e, entry)).length;
  const before = (a, b) => rank(a) - rank(b) || (ticket("entry", a.id) < ticket("entry", b.id) ? -1 : 1);
  const lists = {};
  for (const entry of available) (lists[entry.group] ??= []).push(entry);
  for (const list of Object.values(lists)) list.sort(before);

  const active = new Set(Object.keys(lists));
  for (let position = 1; active.size > 0; ) {
    const [group] = [...active].sort(
      (a, b) => scaled(a) - scaled(b) || (ticket("group", a) < ticket("group", b) ? -1 : 1));
    const entry = lists[group].find(fits);
    if (entry) win(position++, entry);
    else active.delete(group);
  }

  const lines = ["cspace-draw-result/v1"];
  lines.push(`manifest\t${createHash("sha256").update(text, "ascii").digest("hex")}`, `key\t${key.toString("hex")}`);
  for (const w of wins) lines.push(`win\t${w.position}\t${w.entry.id}\t${w.entry.group}\t${w.before}`);
  for (const entry of entries) {
    if (wins.some((w) => w.entry.id === entry.id)) continue;
    let reason = "MAX_WINS\t0";
    if (entry.state === "R") reason = "REJECTED_BY_ADMIN\t0";
    else if (!available.includes(entry)) reason = "UNAVAILABLE\t0";
    else if (choiceWon(entry)) reason = "OTHER_CHOICE_WON\t0";
    else if (winner(entry)) reason = `LOST\t${winner(entry).entry.id}`;
    lines.push(`loss\t${entry.id}\t${reason}`);
  }
  return lines.join("\n") + "\n";
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(draw)));
