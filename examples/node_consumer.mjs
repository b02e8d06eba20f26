// Receives every archived study over HTTP (server-sent events), none lost, none twice.
// Needs Node 20 or later and no package:
//
//     GATEWAY_URL=http://localhost:8000 node node_consumer.mjs
//
// Its position in the feed is kept in a file, so that it continues there after a restart.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const url = `${process.env.GATEWAY_URL ?? "http://localhost:8000"}/events/stream?type=study.archived`;
const file = process.env.PLACE ?? "node_consumer.place";
let place = existsSync(file) ? readFileSync(file, "utf8") : "0"; // 0: the oldest event that is kept
let pause = 2000;

function handle(event) {
  console.log("archived", event.subject, event.data.directory);
}

async function listen() {
  const answer = await fetch(url, { headers: { "Last-Event-ID": place } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split("\n\n");
    text = blocks.pop(); // not complete yet
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s)));
      if (fields.data) handle(JSON.parse(fields.data));
      if (fields.id) writeFileSync(file, (place = fields.id)); // after the work is done
      if (fields.retry) pause = Number(fields.retry);
    }
  }
}

for (;;) {
  await listen().catch((error) => console.error(error.message));
  await sleep(pause); // a stream ends after some minutes: come back
}
