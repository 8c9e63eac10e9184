import { expect, it } from "vitest";
import { carriers, playable } from "./playable";

const row = (codec: string) => carriers.map((carrier) => playable(codec, carrier)).join(" ");

it.each([
  ["H264", "yes yes yes yes yes"],
  ["H265", "yes maybe yes maybe maybe"],
  ["MPEG-4 Audio", "yes yes yes no yes"],
  ["Opus", "yes maybe maybe yes maybe"],
  ["G711", "yes maybe no yes no"],
  ["M-JPEG", "yes no no no no"],
  ["Later", "yes maybe maybe maybe maybe"],
  ["MPEG-1/2 Video", "yes no yes no no"],
])("%s: rtsp rtmp srt webrtc hls = %s", (codec, expected) => expect(row(codec)).toBe(expected));
