import { describe, expect, it } from "vitest";
import type { StreamLine } from "../../stream_lines";
import type { StreamState } from "../../types";
import { groupsOf, itemsOf } from "./groups";

const line = (name: string, state: StreamState = "live", server = "main"): StreamLine => ({
  stream: { server, name, state, since: "2026-01-01T00:00:00Z", sourceType: null, bytesReceived: 0, bytesSent: 0, readers: 0, bitrate: 1, tracks: [] },
  recording: null,
  camera: null,
  absent: false,
  several: false,
  excused: false,
});

describe("groups", () => {
  const lines = [line("hall/1"), line("hall/2", "stalled"), line("yard/9"), line("yard/10"), line("alone"), line("hall/3", "offline", "second")];
  it("are by what stands before the last slash, the one in trouble first", () => {
    expect(groupsOf(lines, "prefix").map((one) => [one.key, one.lines.length, one.bad, one.worst.stream.name])).toEqual([
      ["hall", 3, 2, "hall/3"],
      ["", 1, 0, "alone"],
      ["yard", 2, 0, "yard/9"],
    ]);
  });
  it("are by server", () => expect(groupsOf(lines, "server").map((one) => one.key)).toEqual(["second", "main"]));
  it("show their lines where they are open", () => {
    const shown = itemsOf(lines, "prefix", new Set(["yard"])).map((one) => (one.kind === "group" ? `> ${one.group.key}` : one.line.stream.name));
    expect(shown).toEqual(["> hall", "> ", "> yard", "yard/9", "yard/10"]);
  });
  it("are none where nobody wants them", () => expect(itemsOf(lines, null, new Set()).length).toBe(6));
});
