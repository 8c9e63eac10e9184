// A stream by WebRTC: our offer in one request (WHEP), the server's answer, and its tracks in a video.

import { m } from "../../words/language";

/** The way to us is looked for so long before the offer is sent with what was found, ms. */
const GATHERING = 2_000;
/** The server has so long to answer, ms. */
const LIMIT = 8_000;

/** Why there is no picture, of an answer that is no success. */
export function refusal(status: number): string {
  if (status === 401 || status === 403) return m.watch.login;
  if (status === 404) return m.watch.noPublisher;
  return m.watch.answered(status);
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === "complete") return;
  await new Promise<void>((done) => {
    const limit = setTimeout(done, GATHERING);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(limit);
      done();
    });
  });
}

/** Plays until the returned function is called. `failed` hears why it does not, or no longer. */
export function playWhep(video: HTMLVideoElement, url: string, failed: (words: string) => void): () => void {
  const connection = new RTCPeerConnection();
  const abort = new AbortController();
  let session: string | null = null;
  let ended = false;
  const end = (words: string) => {
    if (!ended) failed(words);
  };
  connection.addTransceiver("video", { direction: "recvonly" });
  connection.addTransceiver("audio", { direction: "recvonly" });
  connection.addEventListener("track", ({ streams }) => {
    if (streams[0] !== undefined && video.srcObject !== streams[0]) video.srcObject = streams[0];
  });
  connection.addEventListener("connectionstatechange", () => {
    if (connection.connectionState === "failed") end(m.watch.noWay);
    if (connection.connectionState === "disconnected") end(m.watch.lost);
  });
  const begin = async () => {
    await connection.setLocalDescription();
    await gathered(connection);
    if (ended) return;
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: connection.localDescription?.sdp ?? "",
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(LIMIT)]),
    });
    if (!answer.ok) return end(refusal(answer.status));
    const place = answer.headers.get("Location");
    session = place === null ? null : new URL(place, url).href;
    const sdp = await answer.text();
    if (ended) void leave();
    else await connection.setRemoteDescription({ type: "answer", sdp });
  };
  /** Tells the server that nobody looks any more; without it the server finds out by itself. */
  const leave = async () => {
    const place = session;
    session = null;
    if (place !== null) await fetch(place, { method: "DELETE", keepalive: true }).catch(() => undefined);
  };
  begin().catch((error: unknown) => end(error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError") ? m.watch.unreachable : String(error)));
  return () => {
    ended = true;
    abort.abort();
    // First the word, then the end: else there is no such session any more.
    void leave().finally(() => connection.close());
    video.srcObject = null;
  };
}
