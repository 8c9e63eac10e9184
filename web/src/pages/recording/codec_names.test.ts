import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { lackedCodecs } from "./codec_names";

/** The file that ffmpeg makes with this codec. */
function made(...how: string[]): Uint8Array {
  const words = ["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-f", "lavfi", "-i", "sine=duration=1", ...how];
  const file = ["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "pipe:1"];
  return new Uint8Array(execFileSync("ffmpeg", [...words, ...file], { maxBuffer: 1 << 24 }));
}

const none = () => false;

describe("codecs that a browser lacks", () => {
  it("are told by the file where what the browser was asked for stands for several", () => {
    expect(lackedCodecs("video/mp4;codecs=mp4v", made("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-an"), none)).toBe("M-JPEG");
    expect(lackedCodecs("video/mp4;codecs=mp4v", made("-c:v", "mpeg4", "-an"), none)).toBe("MPEG-4 Video");
    expect(lackedCodecs("audio/mp4;codecs=mp4a", made("-vn", "-c:a", "libmp3lame"), none)).toBe("MP3");
    expect(lackedCodecs("audio/mp4;codecs=mp4a.40.2", made("-vn", "-c:a", "aac"), none)).toBe("AAC");
  });
  it.each([
    ['video/mp4;codecs="hvc1.1.6.L93.B0,mp4a.40.2"', (type: string) => type.includes("mp4a"), "H.265"],
    ['video/mp4; codecs="av01.0.01M.08,ac-3"', none, "AV1, AC-3"],
    ["video/mp4;codecs=avc1.64001f", () => true, "H.264"],
    ["video/mp4;codecs=theora", none, "theora"],
    ["video/mp4", none, "?"],
  ])("are named: %s", (type, isSupported, wanted) => expect(lackedCodecs(type, null, isSupported)).toBe(wanted));
  it("are named in spite of a head that is cut off", () => {
    expect(lackedCodecs("video/mp4;codecs=mp4v", made("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-an").slice(0, 300), none)).toBe("mp4v");
  });
});
