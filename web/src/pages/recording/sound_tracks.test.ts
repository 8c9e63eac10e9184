import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { soundCodecs, withAllSound } from "./sound_tracks";

/** A file as the recorder makes it, with these sounds. */
function recorded(...sounds: string[]): Uint8Array {
  const inputs = ["testsrc2=size=64x64:rate=10:duration=1", ...sounds.map(() => "sine=sample_rate=48000:duration=1")].flatMap((one) => ["-f", "lavfi", "-i", one]);
  const maps = [0, ...sounds.map((_, index) => index + 1)].flatMap((one) => ["-map", String(one)]);
  const encoding = ["-c:v", "libx264", "-preset", "ultrafast", ...sounds.flatMap((codec, index) => [`-c:a:${index}`, codec])];
  const how = ["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "pipe:1"];
  return new Uint8Array(execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...inputs, ...maps, ...encoding, ...how], { maxBuffer: 1 << 24 }));
}

describe("sound tracks", () => {
  it("are found in the head of a file", () => {
    expect(soundCodecs(recorded("aac", "libopus"))).toEqual(["mp4a.40.2", "opus"]);
    expect(soundCodecs(recorded())).toEqual([]);
    expect(soundCodecs(new Uint8Array([1, 2, 3]))).toEqual([]);
  });
  it.each([
    ["video/mp4;codecs=mp4a.40.2,avc1.64001f", ["mp4a.40.2", "mp4a.40.2"], 'video/mp4;codecs="avc1.64001f,mp4a.40.2,mp4a.40.2"'],
    ['video/mp4; codecs="avc1.64001f,mp4a.40.5"', ["mp4a.40.2", "opus"], 'video/mp4;codecs="avc1.64001f,mp4a.40.5,opus"'],
    ["video/mp4;codecs=Opus,avc1.64001f", ["opus", "opus"], 'video/mp4;codecs="avc1.64001f,opus,opus"'],
    ["video/mp4;codecs=avc1.64001f", ["mp4a.40.2", "mp4a.40.2"], "video/mp4;codecs=avc1.64001f"],
    ["video/mp4;codecs=mp4a.40.2,avc1.64001f", ["mp4a.40.2"], "video/mp4;codecs=mp4a.40.2,avc1.64001f"],
    ["video/mp4", ["mp4a.40.2", "mp4a.40.2"], "video/mp4"],
  ])("are all named: %s with %j", (type, sounds, wanted) => expect(withAllSound(type, sounds)).toBe(wanted));
});
