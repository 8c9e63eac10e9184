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

/** A path as a part of an address: its slashes stay. */
function inAddress(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function screen(way: Way, url: string, codecs: readonly string[]): Screen {
  const found = (wanted: string) => (way === "recorded" ? [] : codecs.filter((codec) => playable(codec, way) === wanted));
  return { way, url, missing: found("no"), doubtful: found("maybe") };
}

/** The best first: one that leaves nothing out before one that does, WebRTC before HLS, what was recorded last. A way by which
 * nothing would come is left out. */
export function screensOf(path: string, tracks: readonly Pick<Track, "codec">[], address: PlayerAddress | null): Screen[] {
  const codecs = [...new Set(tracks.map((one) => one.codec))];
  const at = (base: string | null | undefined, rest: string) => (base === null || base === undefined ? null : `${base}/${inAddress(path)}/${rest}`);
  const [webrtc, hls] = [at(address?.webrtcUrl, "whep"), at(address?.hlsUrl, "index.m3u8")];
  const live = [...(webrtc === null ? [] : [screen("webrtc", webrtc, codecs)]), ...(hls === null ? [] : [screen("hls", hls, codecs)])];
  const some = live.filter((one) => codecs.length === 0 || one.missing.length < codecs.length);
  return [...some.sort((a, b) => a.missing.length - b.missing.length), screen("recorded", "", codecs)];
}
