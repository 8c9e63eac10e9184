import { describe, expect, it } from "vitest";
import * as format from "./format";

describe("bitrate and bytes", () => {
  it.each([
    [null, "–"],
    [undefined, "–"],
    [0, "0 bit/s"],
    [999, "999 bit/s"],
    [999.6, "1.00 kbit/s"],
    [1_000, "1.00 kbit/s"],
    [2_134_567, "2.13 Mbit/s"],
    [9_996_000, "10.0 Mbit/s"],
    [99_960_000, "100 Mbit/s"],
    [999_600_000, "1.00 Gbit/s"],
    [12_000_000_000_000, "12000 Gbit/s"],
  ])("%s is %s", (value, words) => expect(format.bitrate(value)).toBe(words));

  it.each([
    [null, "–"],
    [Number.NaN, "–"],
    [512, "512 B"],
    [1_600_000, "1.60 MB"],
    [82_000_000_000, "82.0 GB"],
    [4_200_000_000_000_000, "4.20 PB"],
  ])("%s is %s", (value, words) => expect(format.bytes(value)).toBe(words));
});

describe("lengths of time", () => {
  it.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [185_000, "3 min 5 s"],
    [3_600_000, "1 h"],
    [7_800_000, "2 h 10 min"],
    [90_000_000, "1 d 1 h"],
    [172_800_000, "2 d"],
  ])("%s ms is %s", (ms, words) => expect(format.duration(ms)).toBe(words));

  it.each([
    [0, "0:00"],
    [7.9, "0:07"],
    [750, "12:30"],
    [3_723, "1:02:03"],
    [Number.POSITIVE_INFINITY, "0:00"],
    [-1, "0:00"],
  ])("%s s on a clock is %s", (seconds, words) => expect(format.clockLength(seconds)).toBe(words));
});

describe("moments", () => {
  const now = Date.parse("2026-03-09T14:00:00Z");
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

  it("tells how long ago, and a time ahead of the clock counts as now", () => {
    expect(format.ago(at(-75), now)).toBe("1 min 15 s");
    expect(format.ago(at(3), now)).toBe("0 s");
    expect(format.ago("never", now)).toBe("–");
  });

  it("counts down to the next second that is really reached", () => {
    expect(format.until(at(48), now)).toBe("in 48 s");
    expect(format.until(at(0.2), now)).toBe("in 1 s");
    expect(format.until(at(-4), now)).toBe("now");
  });

  it("days of the viewer's own calendar", () => {
    const noon = new Date(2026, 2, 9, 12).getTime();
    expect(format.day(noon)).toBe("2026-03-09");
    expect(format.dayWords("2026-03-09", noon)).toBe("Today");
    expect(format.dayWords("2026-03-08", noon)).toBe("Yesterday");
    expect(format.dayWords("2026-03-02", noon)).toBe("Mon 2 Mar");
    expect(format.timeOfDay(new Date(2026, 2, 9, 4, 5, 6).getTime())).toBe("04:05:06");
    expect(format.dateTime("nonsense")).toBe("–");
  });
});

describe("words", () => {
  it.each([
    [null, "–"],
    ["rtspSession", "RTSP publisher"],
    ["webRTCSession", "WebRTC publisher"],
    ["webrtcSession", "WebRTC publisher"],
    ["somethingNew", "somethingNew"],
  ])("source %s is %s", (type, words) => expect(format.source(type)).toBe(words));

  it("tracks with what is known of them", () => {
    expect(format.track({ codec: "H264", width: 1920, height: 1080 })).toBe("H264 1920×1080");
    expect(format.track({ codec: "MPEG-4 Audio", sampleRate: 44_100 })).toBe("MPEG-4 Audio 44.1 kHz");
    expect(format.track({ codec: "G711" })).toBe("G711");
  });

  it("a sentence that stands alone begins with a capital", () => {
    expect(format.capital("the name is taken")).toBe("The name is taken");
    expect(format.capital("")).toBe("");
    expect(format.capital("ended, and nobody knows why")).toBe("Ended, and nobody knows why");
    for (const name of ["cam1 is gone", "rtsp://h/x has no such stream", "site/cam is gone", "ffmpeg ended", "10.0.0.9 refuses"]) expect(format.capital(name)).toBe(name);
  });

  it("a sentence before another ends with a stop", () => {
    expect(format.stop("connection refused")).toBe("connection refused.");
    expect(format.stop("is it running?")).toBe("is it running?");
    expect(format.stop("")).toBe("");
  });

  it("one and many", () => {
    expect(format.plural(1, "segment")).toBe("1 segment");
    expect(format.plural(1_200, "segment")).toBe("1,200 segments");
    expect(format.plural(0, "entry", "entries")).toBe("0 entries");
  });
});
