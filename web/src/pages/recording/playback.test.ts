import { afterEach, expect, it, vi } from "vitest";
import { query } from "../../address";
import type { RecordingSession } from "../../types";
import { Playback } from "./playback";
import type { PlayerEvents } from "./player";

const first = Date.parse("2026-03-09T14:00:00Z");
const second = first + 60_000;

function session(id: string, startedAt: number, endedAt: number): RecordingSession {
  const moments = { startedAt: new Date(startedAt).toISOString(), endedAt: new Date(endedAt).toISOString() };
  return { id, server: "main", stream: "gate", segments: 1, durationMs: endedAt - startedAt, ...moments } as RecordingSession;
}

const sessions = [session("one", first, first + 20_000), session("two", second, second + 20_000)];

const playlist = [first, second].map((at) => `#EXT-X-PROGRAM-DATE-TIME:${new Date(at).toISOString()}\n#EXTINF:20,\na\n`).join("");

/** A page on which nothing but the address is real. */
function page(): void {
  vi.stubGlobal("location", { hash: "#/recordings/main/gate" });
  vi.stubGlobal("history", { state: null, replaceState: () => undefined });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(`#EXTM3U\n${playlist}`)));
}

afterEach(() => vi.unstubAllGlobals());

const told = () => Date.parse(query.peek().get("at") ?? "");

it("keeps the moment in the address while it is being opened", () => {
  page();
  const playback = new Playback("main", "gate", null, second + 5_000);
  playback.take(sessions);
  expect(playback.chosen.peek()?.id).toBe("two");
  expect([told(), query.peek().get("session")]).toEqual([second + 5_000, null]);
});

it("keeps the moment in the address when it comes to another recording, playing or standing still", async () => {
  page();
  const playback = new Playback("main", "gate", null, first + 5_000);
  const events = (playback.player as unknown as { events: PlayerEvents }).events;
  const read = vi.spyOn(events, "onCues");
  playback.take(sessions);
  await vi.waitFor(() => expect(read).toHaveBeenCalled());
  events.onTime(5);
  // The moment is written from time to time, and this is too soon for the next.
  events.onTime(20 + 7);
  expect(playback.chosen.peek()?.id).toBe("two");
  expect([told(), query.peek().get("session")]).toEqual([second + 7_000, null]);
});

it("tells a moment at which nothing was recorded, until another one is asked for", () => {
  page();
  const playback = new Playback("main", "gate", null, first + 40_000);
  playback.take(sessions);
  expect([playback.chosen.peek()?.id, playback.unrecorded.peek()]).toEqual(["two", { at: first + 40_000, begins: second }]);
  playback.goTo(second + 1_000);
  expect(playback.unrecorded.peek()).toBeNull();
  playback.goTo(second + 3_600_000);
  expect(playback.unrecorded.peek()).toEqual({ at: second + 3_600_000, begins: null });
  playback.choose("one");
  expect(playback.unrecorded.peek()).toBeNull();
});

it("steps on from the moment that is being opened", async () => {
  page();
  const playback = new Playback("main", "gate", "one", null);
  const events = (playback.player as unknown as { events: PlayerEvents }).events;
  const read = vi.spyOn(events, "onCues");
  playback.take(sessions);
  playback.goTo(second + 5_000);
  expect(playback.at.peek()).toBe(second + 5_000);
  // The element is emptied, and tells its time.
  events.onTime(0);
  playback.step(10);
  expect(playback.at.peek()).toBe(second + 15_000);
  await vi.waitFor(() => expect(read).toHaveBeenCalled());
  // It has all it needs, and is not there yet.
  playback.goTo(second + 1_000);
  playback.step(10);
  expect(playback.at.peek()).toBe(second + 11_000);
});

it("shows the first picture after a gap that somebody goes to", () => {
  page();
  const playback = new Playback("main", "gate", "one", null);
  playback.take(sessions);
  playback.goTo(second - 10_000);
  expect([playback.chosen.peek()?.id, playback.at.peek()]).toEqual(["two", second]);
});
