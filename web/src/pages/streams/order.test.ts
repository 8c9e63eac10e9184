import { describe, expect, it } from "vitest";
import type { StreamLine } from "../../stream_lines";
import { headingsOf, hold, keyOf, parseColumns, select } from "./order";

const line = (name: string, bitrate: number, state: "live" | "offline" = "live"): StreamLine => ({
  stream: { server: "main", name, state, since: "2026-01-01T00:00:00Z", sourceType: null, bytesReceived: 0, bytesSent: 0, readers: 0, bitrate, tracks: [] },
  recording: null,
  camera: null,
  absent: false,
  several: false,
  excused: false,
});
const names = (lines: readonly StreamLine[]) => lines.map((one) => one.stream.name);
const keys = (...all: string[]) => all.map((name) => keyOf(line(name, 0)));

describe("the selection", () => {
  const lines = [line("cam10", 5), line("cam2", 9), line("other", 7, "offline")];
  it("is by number within names", () => expect(names(select(lines, "", null, { column: "name", descending: false }))).toEqual(["cam2", "cam10", "other"]));
  it("is filtered by words and by state", () => {
    expect(names(select(lines, " cam ", null, { column: "bitrate", descending: false }))).toEqual(["cam2", "cam10"]);
    expect(names(select(lines, "", "offline", { column: "name", descending: false }))).toEqual(["other"]);
  });
  it("turns around", () => expect(names(select(lines, "", null, { column: "bitrate", descending: true }))).toEqual(["cam10", "other", "cam2"]));
});

describe("a held order", () => {
  it("keeps rows where they were", () => expect(names(hold([line("c", 9), line("a", 5), line("b", 1)], keys("a", "b", "c")))).toEqual(["a", "b", "c"]));
  it("lets go what is gone", () => expect(names(hold([line("c", 9), line("a", 5)], keys("a", "b", "c")))).toEqual(["a", "c"]));
  it("puts a new row behind the one that it follows", () => {
    expect(names(hold([line("c", 9), line("new", 8), line("a", 5)], keys("a", "c")))).toEqual(["a", "c", "new"]);
    expect(names(hold([line("new", 10), line("c", 9), line("a", 5)], keys("a", "c")))).toEqual(["new", "a", "c"]);
  });
});

describe("the columns", () => {
  it("are nobody's choice until somebody chooses", () => expect(parseColumns("")).toBe(null));
  it("keep their order, and the name", () => expect(parseColumns("tracks,state")).toEqual(["name", "state", "tracks"]));
  it("of an old address may be unknown", () => expect(parseColumns("nonsense")).toEqual(["name"]));
  it("sort where there is something to sort by", () => expect(headingsOf(["name", "tracks"]).map((one) => one.sortable)).toEqual([true, false]));
});
