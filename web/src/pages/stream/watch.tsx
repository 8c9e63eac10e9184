// The picture of a stream, once somebody asks for it: live from the media server where the configuration names its address,
// else what was recorded last. It says what this way leaves out.

import "../../styles/player.css";
import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, playlistUrl, sentence, serverNow } from "../../api";
import { Icon } from "../../components/icons";
import { Thumbnail } from "../../components/thumbnail";
import { live, model } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import type { StreamStatus } from "../../types";
import { m } from "../../words/language";
import { newest } from "../recording/playback";
import { Player } from "../recording/player";
import { stretch } from "../recording/stretch";
import { playHls } from "./live_hls";
import { screensOf, type Screen, type Way } from "./screens";
import { playWhep } from "./whep";

/** What stands over the picture; null when it plays. */
interface Notice {
  words: string;
  /** Another try may help. */
  again: boolean;
}

export function Watch({ stream }: { stream: StreamStatus }): VNode {
  const { server, name } = stream;
  const address = model.value.status?.players.find((one) => one.server === server) ?? null;
  const codecs = stream.tracks.map((one) => one.codec).join(" ");
  const screens = useMemo(() => screensOf(name, stream.tracks, address), [name, codecs, address?.hlsUrl, address?.webrtcUrl]);
  const [wanted, choose] = useState<Way | null>(null);
  const [playing, play] = useState(false);
  const screen = screens.find((one) => one.way === wanted) ?? screens[0];
  if (screen === undefined) return <></>;
  return (
    <section class="panel watching" aria-labelledby="watch-title">
      <div class="graph-head">
        <h2 id="watch-title">{m.watch.title}</h2>
        <div class="spans" role="group" aria-label={m.watch.way}>
          {screens.map(({ way }) => (
            <button key={way} type="button" class="small" aria-pressed={way === screen.way} onClick={() => choose(way)}>
              {m.watch.ways[way]}
            </button>
          ))}
          {playing ? (
            <button type="button" class="small" onClick={() => play(false)}>
              {m.watch.stop}
            </button>
          ) : null}
        </div>
      </div>
      {playing ? (
        <Playing key={`${screen.way} ${screen.url}`} server={server} name={name} screen={screen} />
      ) : (
        <div class="player resting">
          <Thumbnail server={server} name={name} recorded={live.value.recordings.has(streamKey(server, name))} />
          <button type="button" class="primary" onClick={() => play(true)}>
            <Icon name="play" />
            {m.watch.play[screen.way]}
          </button>
        </div>
      )}
      <p class="note">
        {screen.missing.length > 0 ? `${m.watch.missing(screen.missing.join(", "))} ` : ""}
        {screen.doubtful.length > 0 ? `${m.watch.doubtful(screen.doubtful.join(", "))} ` : ""}
        {screen.way === "recorded" ? <a href={href({ page: "recording", server, name, session: null })}>{m.watch.allRecordings}</a> : null}
        {address?.hlsUrl === undefined && address?.webrtcUrl === undefined ? <span> {m.watch.notConfigured}</span> : null}
      </p>
    </section>
  );
}

function Playing({ server, name, screen }: { server: string; name: string; screen: Screen }): VNode {
  const video = useRef<HTMLVideoElement>(null);
  const [notice, tell] = useState<Notice | null>({ words: m.shell.loading, again: false });
  const [turn, retry] = useState(0);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    tell({ words: m.shell.loading, again: false });
    const failed = (words: string) => tell({ words, again: true });
    const begun = () => tell(null);
    element.addEventListener("playing", begun);
    const end = screen.way === "webrtc" ? playWhep(element, screen.url, failed) : screen.way === "hls" ? playHls(element, screen.url, failed) : playRecorded(element, server, name, tell);
    return () => {
      element.removeEventListener("playing", begun);
      end();
    };
  }, [screen.way, screen.url, turn]);
  return (
    <div class="player" data-way={screen.way}>
      <video ref={video} controls playsInline muted autoplay aria-label={m.watch.pictureOf(name)} />
      <div class="notice" role="status" hidden={notice === null}>
        <p>{notice?.words}</p>
        {notice?.again === true ? (
          <button type="button" onClick={() => retry(turn + 1)}>
            <Icon name="restart" />
            {m.recordings.again}
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** The end of the newest session that has something to play. */
function playRecorded(video: HTMLVideoElement, server: string, name: string, tell: (notice: Notice | null) => void): () => void {
  const abort = new AbortController();
  const player = new Player({
    onTime: () => undefined,
    onEnded: () => undefined,
    onCues: () => undefined,
    onNotice: (words, retry) => tell(words === null ? null : { words, again: retry !== null }),
  });
  player.attachTo(video);
  api.sessions(server, name, abort.signal).then(
    ({ items }) => {
      const session = items.filter((one) => one.segments > 0).at(-1);
      if (session === undefined) return tell({ words: m.watch.nothingRecorded, again: true });
      const [from, to] = stretch(session, serverNow());
      void player.load(playlistUrl(server, name, from, session.endedAt === null ? null : to), Date.parse(session.startedAt), newest);
    },
    (error: unknown) => {
      if (!abort.signal.aborted) tell({ words: sentence(error), again: true });
    },
  );
  return () => {
    abort.abort();
    player.close();
  };
}
