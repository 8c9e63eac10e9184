import { describe, expect, it } from "vitest";
import { placesOf, protocols, standardPorts, waysOf, type Place } from "./addresses";

const place = (more: Partial<Place> = {}): Place => ({ host: "media.example.org", ports: standardPorts, path: "yard/cam 1", login: false, ...more });
const of = (protocol: string, more: Partial<Place> = {}) => {
  const found = waysOf(place(more)).find((one) => one.protocol === protocol);
  if (found === undefined) throw new Error(protocol);
  return found;
};
const text = (lines: readonly { tool: string; text: string }[], tool: string) => lines.find((one) => one.tool === tool)?.text;

describe("addresses", () => {
  it("are there for every protocol, and nobody publishes by HLS", () => {
    expect(waysOf(place()).map((one) => one.protocol)).toEqual(protocols);
    expect(waysOf(place()).filter((one) => one.publish.length === 0).map((one) => one.protocol)).toEqual(["hls"]);
  });

  it("hold the path as a part of an address", () => {
    expect(text(of("rtsp").read, "address")).toBe("rtsp://media.example.org:8554/yard/cam%201");
    expect(text(of("hls").read, "address")).toBe("http://media.example.org:8888/yard/cam%201/index.m3u8");
    expect(text(of("webrtc").publish, "WHIP")).toBe("http://media.example.org:8889/yard/cam%201/whip");
    expect(text(of("srt").publish, "address")).toBe("srt://media.example.org:8890?streamid=publish:yard/cam%201&pkt_size=1316");
  });

  it("have a place for a login, each protocol its own", () => {
    expect(text(of("rtsp", { login: true }).read, "address")).toBe("rtsp://USER:PASSWORD@media.example.org:8554/yard/cam%201");
    expect(text(of("rtmp", { login: true }).publish, "OBS")).toBe("rtmp://media.example.org:1935/yard/cam%201?user=USER&pass=PASSWORD");
    expect(text(of("srt", { login: true }).read, "address")).toBe("srt://media.example.org:8890?streamid=read:yard/cam%201:USER:PASSWORD");
  });

  it("are quoted for a shell where a character could mean something", () => {
    expect(text(of("srt").publish, "ffmpeg")).toBe("ffmpeg -re -i FILE -c copy -f mpegts 'srt://media.example.org:8890?streamid=publish:yard/cam%201&pkt_size=1316'");
    expect(text(of("rtsp").publish, "ffmpeg")).toContain("-rtsp_transport tcp rtsp://media");
  });

  it("are those of the configuration, but for what somebody chose", () => {
    const configured = { rtspUrl: "rtsp://127.0.0.1:1554", hlsUrl: "https://m.example/live", webrtcUrl: "http://m.example:9889" };
    const shown = (...given: Parameters<typeof placesOf>) => {
      const at = (protocol: string) => text(of(protocol, placesOf(...given)).read, protocol === "webrtc" ? "browser" : "address");
      return ["rtsp", "rtsps", "srt", "hls", "webrtc"].map(at);
    };
    expect(shown(configured, "page.example", {})).toEqual([
      "rtsp://page.example:1554/yard/cam%201",
      "rtsps://page.example:8322/yard/cam%201",
      "srt://page.example:8890?streamid=read:yard/cam%201",
      "https://m.example:443/live/yard/cam%201/index.m3u8",
      "http://m.example:9889/yard/cam%201",
    ]);
    expect(shown(configured, "page.example", { host: "h", ports: { hls: 1 } })).toEqual([
      "rtsp://h:1554/yard/cam%201",
      "rtsps://h:8322/yard/cam%201",
      "srt://h:8890?streamid=read:yard/cam%201",
      "https://h:1/live/yard/cam%201/index.m3u8",
      "http://h:9889/yard/cam%201",
    ]);
    expect(shown({ rtspUrl: "rtsps://[fd00::1]:9322" }, "page.example", {}).slice(0, 3)).toEqual([
      "rtsp://[fd00::1]:8554/yard/cam%201",
      "rtsps://[fd00::1]:9322/yard/cam%201",
      "srt://[fd00::1]:8890?streamid=read:yard/cam%201",
    ]);
    expect(shown(null, "page.example", {})[0]).toBe("rtsp://page.example:8554/yard/cam%201");
  });

  it("put IPv6 addresses in brackets, and take other ports", () => {
    expect(text(of("rtsp", { host: "fd00::1", path: "a", ports: { ...standardPorts, rtsp: 1554 } }).read, "address")).toBe("rtsp://[fd00::1]:1554/a");
  });
});
