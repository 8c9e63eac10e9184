import { expect, it } from "vitest";
import { logText } from "./log_text";
import type { LogRun } from "./types";

it("a log is copied with times, endings and faults", () => {
  const runs: LogRun[] = [
    { program: "ffmpeg", pid: 7, startedAt: "2026-03-09T12:00:00Z", endedAt: null, ending: null, fault: null, lines: ["frame=1", "frame=2"] },
    { program: "ffprobe", pid: 6, startedAt: "2026-03-09T11:00:00Z", endedAt: "2026-03-09T11:00:09Z", ending: "exit status 1", fault: { kind: "unauthorized", message: "wrong password" }, lines: [] },
  ];
  expect(logText(runs)).toBe(
    "ffmpeg 7, 2026-03-09T12:00:00Z still running\n  frame=1\n  frame=2\n\n" +
      "ffprobe 6, 2026-03-09T11:00:00Z to 2026-03-09T11:00:09Z: exit status 1\nfault: wrong password",
  );
  expect(logText([])).toBe("");
});
