// What a delta of a thousand streams costs from the text of the message to the rows that are on screen; drawing them apart.
// `npx vitest bench`.

import { bench, describe } from "vitest";
import { RequestQueue } from "./browser/request_queue";
import { select } from "./pages/streams/order";
import { problemsOf } from "./pages/streams/problems";
import { Past } from "./past";
import { emptyState, reduce, type LiveState } from "./store";
import { count, linesOf } from "./stream_lines";
import type { ServerMessage } from "./types";

const COUNT = 1_000;

function items(round: number, whole: boolean) {
  return Array.from({ length: COUNT }, (_, number) => {
    const name = `cam/${String(number).padStart(4, "0")}`;
    const figures = { bytesReceived: round * 1_000 + number, bytesSent: round, bitrate: 1_000_000 + ((number * 7_919 + round * 104_729) % 1_000) * 1_000 };
    const rest = { state: "live", since: "2026-01-01T00:00:00Z", sourceType: "rtspSource", readers: 1, tracks: [{ codec: "H264", width: 640, height: 360 }] };
    return { kind: "stream", item: { server: "main", name, ...figures, ...(whole ? rest : {}) } };
  });
}

function first(): LiveState {
  return reduce(emptyState(), { type: "snapshot", seq: 1, part: 1, parts: 1, items: items(0, true) }).state;
}

/** A delta as it comes: the fields that changed, as text. */
const delta = JSON.stringify({ type: "delta", seq: 2, prev: 1, upsert: [], update: items(1, false), remove: [] });
const begin = first();
let clock = 1_000_000;
const past = new Past(() => (clock += 2_000), undefined, new RequestQueue(() => clock));

describe("a delta of a thousand streams", () => {
  bench("all of it", () => {
    const step = reduce(begin, JSON.parse(delta) as ServerMessage);
    past.append(step.state, step.streams);
    select(linesOf(step.state), "", null, { column: "state", descending: false });
    count(step.state);
    problemsOf(step.state);
  });
  bench("taking it", () => void reduce(begin, JSON.parse(delta) as ServerMessage));
  bench("its order by bitrate", () => void select(linesOf(begin), "", null, { column: "bitrate", descending: false }));
  bench("its order by state", () => void select(linesOf(begin), "", null, { column: "state", descending: false }));
});
