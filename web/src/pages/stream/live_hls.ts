// A stream by HLS of its media server: by the browser itself where it can, else by hls.js.

import { m } from "../../words/language";
import { refusal } from "./whep";

const HLS_TYPE = "application/vnd.apple.mpegurl";

/** Whether the browser plays HLS by itself: Safari does. Others that say so do not get along with MediaMTX; there hls.js plays it. */
export function hasOwnHls(video: HTMLVideoElement = document.createElement("video")): boolean {
  return (!("MediaSource" in window) || "ManagedMediaSource" in window) && video.canPlayType(HLS_TYPE) !== "";
}

/** Plays until the returned function is called. `failed` hears why it does not, or no longer. */
export function playHls(video: HTMLVideoElement, url: string, failed: (words: string) => void): () => void {
  let ended = false;
  let close = () => undefined as void;
  const end = (words: string) => {
    if (!ended) failed(words);
  };
  const begin = async () => {
    if (hasOwnHls(video)) {
      const broken = () => end(m.watch.unreachable);
      video.addEventListener("error", broken);
      video.src = url;
      close = () => video.removeEventListener("error", broken);
      return;
    }
    const { default: Library } = await import("hls.js/light");
    if (ended) return;
    if (!Library.isSupported()) return end(m.watch.noHls);
    // No worker: it would need a blob: script.
    const hls = new Library({ enableWorker: false, lowLatencyMode: true, backBufferLength: 30 });
    close = () => hls.destroy();
    let recovered = false;
    hls.on(Library.Events.ERROR, (_, { fatal, type, details, response }) => {
      if (!fatal) return;
      if (type === Library.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
      } else if (type === Library.ErrorTypes.NETWORK_ERROR) {
        // Without an answer the code is 0.
        const code = response?.code ?? 0;
        end(code === 0 ? m.watch.unreachable : refusal(code));
      } else end(details);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  };
  begin().catch(() => end(m.shell.notLoadedWords));
  return () => {
    ended = true;
    close();
    video.removeAttribute("src");
    video.load();
  };
}
