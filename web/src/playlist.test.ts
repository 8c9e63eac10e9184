import { describe, expect, it } from "vitest";
import { holeAt, length, parsePlaylist, position, wallClock } from "./playlist";

const t0 = Date.parse("2026-03-09T14:00:00Z");
// Two segments, a gap of a minute, a third one.
const text = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:10
#EXT-X-MAP:URI="segments/1",BYTERANGE="800@0"
#EXT-X-PROGRAM-DATE-TIME:2026-03-09T14:00:00.000Z
#EXTINF:10.000,
#EXT-X-BYTERANGE:5000@800
segments/1
#EXTINF:9.500,
segments/2\r
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-03-09T14:01:20.000Z
#EXTINF:4,
segments/3
#EXT-X-ENDLIST
`;
const cues = parsePlaylist(text, 0);

it("reads positions and wall clocks, with and without a date line", () => {
  expect(cues).toEqual([
    { start: 0, duration: 10, at: t0 },
    { start: 10, duration: 9.5, at: t0 + 10_000 },
    { start: 19.5, duration: 4, at: t0 + 80_000 },
  ]);
  expect(length(cues)).toBe(23.5);
});

it("counts from the given beginning when the playlist tells no date", () => {
  const plain = parsePlaylist("#EXTM3U\n#EXTINF:2,\na\n#EXTINF:2,\nb\n", 5_000);
  expect(plain.map((one) => one.at)).toEqual([5_000, 7_000]);
});

it("reads nothing from nothing, nor from an error page", () => {
  expect(parsePlaylist("", 0)).toEqual([]);
  expect(parsePlaylist("<html>\nno\n</html>", 0)).toEqual([]);
});

describe("position and wall clock", () => {
  it.each([
    [0, 0],
    [12.25, 12_250],
    [19.5, 80_000],
    [21, 81_500],
    [99, 84_000],
    [-3, 0],
  ])("position %s s is %s ms after the start", (at, ms) => expect(wallClock(cues, at)).toBe(t0 + ms));

  it.each([
    [-5_000, 0],
    [0, 0],
    [12_250, 12.25],
    [40_000, 19.5],
    [81_500, 21],
    [900_000, 23.5],
  ])("the moment %s ms after the start is at %s s", (ms, at) => expect(position(cues, t0 + ms)).toBe(at));

  it("nothing is known of nothing", () => {
    expect(wallClock([], 3)).toBeNull();
    expect(position([], 3)).toBeNull();
  });
});

describe("what cannot be played", () => {
  const gone = { start: 10, end: 20, anew: null };
  const other = { start: 30, end: 30, anew: 30 };

  it("is left out when the player has come to it, and not before", () => {
    for (const [position, hole] of [
      [0, null],
      [9.5, null],
      [9.7, gone],
      [10, gone],
      [19.9, gone],
      [20, null],
      [29.5, null],
      [29.7, other],
      [30.2, other],
      [31, null],
    ] as const)
      expect(holeAt([other, gone], position), `${position} s`).toBe(hole);
    expect(holeAt([other], 28.2, true)).toBe(other);
    expect(holeAt([other], 27.9, true)).toBeNull();
    expect(holeAt([gone], 8.2, true)).toBeNull();
  });
});
