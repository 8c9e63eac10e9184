import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { picturesAlone, Silencer } from "./silenced";

const QUIET = ["-nostdin", "-loglevel", "error"];

describe("a file without its sound", () => {
  it("is as long as before and has the same pictures", () => {
    const inputs = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=2", "-f", "lavfi", "-i", "sine=duration=2"];
    const how = ["-c:v", "libx264", "-bf", "0", "-g", "5", "-use_editlist", "0", "-c:a", "aac", "-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "pipe:1"];
    const file = new Uint8Array(execFileSync("ffmpeg", [...QUIET, ...inputs, ...how], { maxBuffer: 1 << 24 }));
    const pictures = (input: Uint8Array, map: string) => execFileSync("ffmpeg", [...QUIET, "-i", "pipe:0", "-map", map, "-f", "framemd5", "-"], { input }).toString();
    const before = pictures(file, "0:v");
    const { length } = file;
    new Silencer().take(file);
    expect(file.length).toBe(length);
    expect(pictures(file, "0")).toBe(before);
  });

  it.each([
    ["video/mp4;codecs=mp4a.40.2,avc1.64001f", 'video/mp4;codecs="avc1.64001f"'],
    ['video/mp4; codecs="hvc1.1.6.L93.B0,Opus"', 'video/mp4;codecs="hvc1.1.6.L93.B0"'],
    ["audio/mp4;codecs=mp4a.40.2", null],
    ["video/mp4", null],
  ])("is named: %s", (type, wanted) => expect(picturesAlone(type)).toBe(wanted));
});
