import { expect, it } from "vitest";
import { advice, codec, found, looked, headline } from "./probe_words";
import type { Probe } from "./types";

const good: Probe = { at: "2026-03-09T12:00:00Z", ms: 812, ok: true, tracks: { format: "rtsp", video: "h264", audio: "pcm_alaw", flows: true }, fault: null };
const bad: Probe = { at: "2026-03-09T12:00:00Z", ms: 5_020, ok: false, tracks: null, fault: { kind: "unauthorized", message: "the camera refuses the login; check user name and password" } };

it("a source that answers tells what it sends", () => {
  expect(headline(good)).toBe("It can be pulled in");
  expect(found(good)).toEqual([["Video", "H.264"], ["Sound", "G.711 A-law"], ["Format", "rtsp"]]);
  expect(advice(good)).toBe("");
});

it("a fault is named and keeps the server's remedy", () => {
  expect([headline(bad), advice(bad)]).toEqual(["Login refused", "The camera refuses the login; check user name and password."]);
  expect(found(bad)).toEqual([]);
});

it("a fault of a later version, and one without words", () => {
  expect(headline({ ...bad, fault: { kind: "moonlight", message: "x" } })).toBe("It cannot be pulled in");
  expect([headline({ ...bad, fault: null }), advice({ ...bad, fault: null })]).toEqual(["It cannot be pulled in", ""]);
});

it("a codec that cannot be relayed is named beside its fault", () => {
  const probe: Probe = { ...bad, tracks: { format: "rtsp", video: "wmv3", audio: null, flows: true }, fault: { kind: "codecUnsupported", message: "no" } };
  expect(found(probe)).toEqual([["Video", "wmv3"], ["Sound", "none"], ["Format", "rtsp"]]);
});

it.each([
  [812, ", took 812 ms."],
  [5_020, ", took 5 s."],
  [null, ":00."],
])("%j ms", (ms, end) => expect(looked({ ...good, ms }).endsWith(end)).toBe(true));

it.each([["hevc", "H.265"], ["wmv3", "wmv3"], [null, "none"]])("%j is %s", (name, words) => expect(codec(name)).toBe(words));
