import { expect, it } from "vitest";
import { screensOf } from "./screens";

const address = { server: "main", rtspUrl: "rtsp://m.example:8554", hlsUrl: "https://m.example:8888/live", webrtcUrl: "https://m.example:8889" };
const tracks = (...codecs: string[]) => codecs.map((codec) => ({ codec }));

it("knows the addresses of MediaMTX", () => {
  const [webrtc, hls] = screensOf("site/hall 1", tracks("H264", "Opus"), address);
  expect([webrtc?.url, hls?.url]).toEqual(["https://m.example:8889/site/hall%201/whep", "https://m.example:8888/live/site/hall%201/index.m3u8"]);
});

it.each([
  ["all of it comes either way", tracks("H264", "Opus"), address, ["webrtc", "hls", "recorded"]],
  ["WebRTC has no AAC: HLS has the sound", tracks("H264", "MPEG-4 Audio"), address, ["hls", "webrtc", "recorded"]],
  ["nothing comes by WebRTC", tracks("MPEG-4 Audio"), address, ["hls", "recorded"]],
  ["nothing comes by either", tracks("M-JPEG"), address, ["recorded"]],
  ["no address is configured", tracks("H264"), null, ["recorded"]],
  ["one is", tracks("H264"), { server: "main", rtspUrl: "rtsp://m:8554", webrtcUrl: "http://m" }, ["webrtc", "recorded"]],
  ["no track is known yet", [], address, ["webrtc", "hls", "recorded"]],
])("%s", (_, found, at, ways) => expect(screensOf("cam", found, at).map((one) => one.way)).toEqual(ways));

it("says what is left out", () => {
  const [hls, webrtc] = screensOf("cam", tracks("H265", "MPEG-4 Audio"), address);
  expect([webrtc?.missing, webrtc?.doubtful, hls?.missing, hls?.doubtful]).toEqual([["MPEG-4 Audio"], ["H265"], [], ["H265"]]);
});
