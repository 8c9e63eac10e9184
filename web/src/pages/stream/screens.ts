// By which ways this browser may see a stream: live from its media server, or what was recorded last. Pure.

import type { PlayerAddress, Track } from "../../types";
import { playable } from "./playable";

export type Way = "webrtc" | "hls" | "recorded";

export interface Screen {
  way: Way;
  /** Empty for what was recorded. */
  url: string;
  /** Codecs that do not come this way. */
  missing: readonly string[];
  /** Codecs that some browsers do not play. */
  doubtful: readonly string[];
}

type Codec = Pick<Track, "codec">;

/** A path as a part of an address: its slashes stay. */
function inAddress(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function screen(way: Way, url: string, tracks: readonly Codec[]): Screen {
  const codecs = (wanted: string) => {
    if (way === "recorded") return [];
    const found = tracks.filter((one) => playable(one.codec, way) === wanted);
    return [...new Set(found.map((one) => one.codec))];
  };
  return { way, url, missing: codecs("no"), doubtful: codecs("maybe") };
}

/** The best first: one that leaves nothing out before one that does, WebRTC before HLS, what was recorded last. A way by which
 * nothing would come is left out. */
export function screensOf(path: string, tracks: readonly Codec[], address: PlayerAddress | null): Screen[] {
  const count = new Set(tracks.map((one) => one.codec)).size;
  const at = (base: string | null | undefined, rest: string) => (base === null || base === undefined ? null : `${base}/${inAddress(path)}/${rest}`);
  const [webrtc, hls] = [at(address?.webrtcUrl, "whep"), at(address?.hlsUrl, "index.m3u8")];
  const live = [...(webrtc === null ? [] : [screen("webrtc", webrtc, tracks)]), ...(hls === null ? [] : [screen("hls", hls, tracks)])];
  const some = live.filter((one) => count === 0 || one.missing.length < count);
  return [...some.sort((a, b) => a.missing.length - b.missing.length), screen("recorded", "", tracks)];
}
