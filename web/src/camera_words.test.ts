import { expect, it } from "vitest";
import { asItIsSince, fullTitle, incidentWords, lasting, nextTry, pathBeside, soundWords, titleOf, why } from "./camera_words";
import type { CameraState, CameraStatus } from "./types";

const now = Date.parse("2026-03-09T12:00:00Z");

function camera(state: CameraState, more: Partial<CameraStatus> = {}): CameraStatus {
  return { id: 1, name: "gate", kind: "generic", host: "h", enabled: true, record: true, state, since: "2026-03-09T11:00:00Z", restarts: 0, lastError: null, nextStart: null, server: "main", path: "gate", ...more };
}

it.each([
  ["backoff", "next try in 12 s"],
  ["degraded", "next try in 12 s"],
  ["held", "next try in 12 s"],
  ["waiting", "next try in 12 s"],
  ["running", null],
  ["stopped", null],
  ["starting", null],
] as const)("%s tells the next try: %s", (state, words) => {
  expect(nextTry(camera(state, { nextStart: "2026-03-09T12:00:11.500Z" }), now)).toBe(words);
  expect(nextTry(camera(state), now)).toBe(null);
});

it("a time that has come is now", () => {
  expect(nextTry(camera("backoff", { nextStart: "2026-03-09T11:59:59Z" }), now)).toBe("next try now");
});

it.each([
  [camera("running"), null],
  [camera("running", { lastError: "refused" }), { words: "Last fault: refused", calm: true }],
  [camera("stopped", { lastError: "its row is refused" }), { words: "its row is refused", calm: false }],
  [camera("stopped", { lastError: "refused", enabled: false }), { words: "Last fault: refused", calm: true }],
  [camera("held", { lastError: "10.0.0.7 publishes here" }), { words: "10.0.0.7 publishes here", calm: false }],
])("the fault of %j", (given, words) => expect(why(given)).toEqual(words));

it.each([
  ["carried", "Carried"],
  ["missing", "The camera has none"],
  ["silent", "None comes: the camera names it and sends none"],
  ["off", null],
  [null, null],
] as const)("sound that is %s", (sound, words) => expect(soundWords(camera("running", { sound }))).toBe(words));

it("a taken path explains itself", () => {
  expect(why(camera("held"))?.words).toMatch(/somebody else publishes/i);
});

it("an incident of a later version shows as it is", () => {
  expect([incidentWords("otherPublisher"), incidentWords("moonDown")]).toEqual(["Path taken", "moonDown"]);
});

it.each([
  [undefined, "gate", null, "gate"],
  [null, "gate", null, "gate"],
  ["", "gate", null, "gate"],
  ["gate", "gate", null, "gate"],
  ["Tor Süd", "Tor Süd", "gate", "Tor Süd (gate)"],
])("label %j: called %j, beside it %j, in full %j", (label, title, path, full) => {
  const one = camera("running", label === undefined ? {} : { label });
  expect([titleOf(one), pathBeside(one), fullTitle(one)]).toEqual([title, path, full]);
});

it.each([
  ["running", undefined, "for 1 h"],
  ["starting", null, "for 1 h"],
  ["starting", "2026-03-09T09:00:00Z", "down for 3 h"],
  ["backoff", "2026-03-09T11:59:50Z", "down for 10 s"],
] as const)("%s, down since %s: %s", (state, downSince, words) => {
  const one = camera(state, downSince === undefined ? {} : { downSince });
  expect(lasting(one, now)).toBe(words);
  expect(asItIsSince(one)).toBe(downSince ?? one.since);
});
