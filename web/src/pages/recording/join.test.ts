// Segments as the recorder makes them, joined, and read by ffprobe.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Joiner, NotJoined } from "./join";

const folder = mkdtempSync(join(tmpdir(), "streamwarden-join-"));
const MP4 = "movflags=+frag_keyframe+empty_moov+default_base_moof:frag_duration=1000000";

/** As the recorder writes them now: their timestamps go on over the files. */
const GOES_ON = `${MP4.replace("default_base_moof", "default_base_moof+frag_discont")}:use_editlist=0:avoid_negative_ts=make_non_negative`;

/** 12 s in segments of 4 s, a key frame every 2 s. */
function record(name: string, size: string, how = MP4): ArrayBuffer[] {
  const picture = `testsrc2=size=${size}:rate=10:duration=12`;
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=12"];
  const encoding = "-c:v libx264 -preset ultrafast -g 20 -keyint_min 20 -sc_threshold 0 -pix_fmt yuv420p -c:a aac".split(" ");
  const cut = ["-f", "segment", "-segment_time", "4", "-segment_format", "mp4", "-segment_format_options", how, join(folder, `${name}_%d.mp4`)];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...inputs, ...encoding, ...cut]);
  const files = readdirSync(folder).filter((one) => one.startsWith(`${name}_`)).sort();
  return files.map((one) => new Uint8Array(readFileSync(join(folder, one))).buffer);
}

interface Seen {
  /** Times of the pictures, s. */
  pictures: number[];
  sounds: number[];
  complaints: string;
}

function look(parts: readonly Uint8Array[]): Seen {
  const file = join(folder, "joined.mp4");
  writeFileSync(file, Buffer.concat(parts));
  const times = (stream: string) =>
    execFileSync("ffprobe", ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0", file], { encoding: "utf8" })
      .split("\n")
      .map(Number.parseFloat)
      .filter((one) => !Number.isNaN(one));
  const complaints = execFileSync("ffmpeg", ["-nostdin", "-v", "warning", "-i", file, "-f", "null", "-"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return { pictures: times("v:0").sort((a, b) => a - b), sounds: times("a:0"), complaints };
}

describe("segments", () => {
  let segments: ArrayBuffer[] = [];
  let goingOn: ArrayBuffer[] = [];
  beforeAll(() => {
    segments = record("a", "160x120");
    goingOn = record("on", "160x120", GOES_ON);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fresh = () => segments.map((one) => one.slice(0));

  it.each(["each from zero", "going on"])("become one file, every picture at its time: timestamps %s", (kind) => {
    const files = kind === "going on" ? goingOn : fresh();
    expect(files.length).toBe(3);
    const joiner = new Joiner();
    const { pictures, sounds, complaints } = look(files.flatMap((one) => joiner.add(one, 4)));
    expect(complaints).toBe("");
    expect(pictures.length).toBe(120);
    pictures.forEach((at, index) => expect(Math.abs(at - index / 10), `picture ${index} at ${at}`).toBeLessThan(0.06));
    expect(sounds.at(-1)).toBeGreaterThan(11.8);
    expect(sounds.at(-1)).toBeLessThan(12.2);
  });

  it("are cut at the key frame before the begin, and at the end", () => {
    const joiner = new Joiner();
    const [one, two, three] = fresh();
    if (one === undefined || two === undefined || three === undefined) throw new Error("three segments");
    // From 3.5 s, in the middle of a group, to 9 s.
    const { pictures, complaints } = look([...joiner.add(one, 4, 3.5), ...joiner.add(two, 4), ...joiner.add(three, 4, 0, 1)]);
    expect(complaints).toBe("");
    expect(pictures[0]).toBeLessThan(0.1);
    // It begins at 2 s, where the key frame is: 2 + 4 + 1 s.
    expect(pictures.length).toBeGreaterThanOrEqual(70);
    expect(pictures.length).toBeLessThanOrEqual(80);
    expect(pictures.at(-1)).toBeLessThan(8);
  });

  it("of other tracks, and what is no segment, are refused", () => {
    const [other] = record("b", "320x240");
    const joiner = new Joiner();
    const [one] = fresh();
    if (one === undefined || other === undefined) throw new Error("segments");
    joiner.add(one, 4);
    expect(() => joiner.add(other, 4)).toThrow(new NotJoined("otherTracks"));
    expect(() => new Joiner().add(new Uint8Array([0, 0, 0, 9, 1, 2, 3]).buffer, 4)).toThrow(new NotJoined("damaged"));
  }, 60_000);
});
