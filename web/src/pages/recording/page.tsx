// One stream's recordings: pick a day and a session, watch it, take the files.

import "../../styles/player.css";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { query } from "../../address";
import { api, Problem, serverNow } from "../../api";
import { titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { Skeleton } from "../../components/empty";
import { Icon, Sign } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { useTitle } from "../../components/title";
import { dateTime, duration, timeOfDay, zone } from "../../format";
import { cameraOf, live, now } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import type { RecordingSession } from "../../types";
import { m } from "../../words/language";
import { recordingLook } from "../../words/states";
import { Control } from "./control";
import { GoTo } from "./go_to";
import { Locks } from "./locks";
import { Playback } from "./playback";
import { Segments } from "./segments";
import { DayPicker, SessionList } from "./sessions";
import { StretchDownload } from "./stretch_download";
import { Timeline } from "./timeline";

/** How often the sessions are asked for while the page is open. */
const REFRESH = 8_000;

function momentOf(words: string | null): number | null {
  const at = Date.parse(words ?? "");
  return Number.isNaN(at) ? null : at;
}

export function RecordingPage({ server, name, session }: { server: string; name: string; session: string | null }): VNode {
  const [playback] = useState(() => new Playback(server, name, session, momentOf(query.peek().get("at"))));
  const { state } = usePolled<RecordingSession[]>(streamKey(server, name), REFRESH, (signal) =>
    api.sessions(server, name, signal).then(
      (page) => page.items,
      (error: unknown) => {
        // Nothing was recorded of a stream that is not known.
        if (error instanceof Problem && error.status === 404) return [];
        throw error;
      },
    ),
  );
  const { answer, fault } = state.value;
  useEffect(() => {
    if (answer !== null) playback.take(answer);
  }, [answer]);
  const at = query.value.get("at");
  // The address is another one; what the player writes there itself has no moment.
  useEffect(() => playback.want(session, null), [session]);
  useEffect(() => {
    if (at !== null) playback.want(null, momentOf(at));
  }, [at]);
  useEffect(() => () => playback.close(), []);
  const camera = cameraOf(server, name);
  const title = camera === null ? name : titleOf(camera);
  useTitle(title);
  const recorder = live.value.recordings.get(streamKey(server, name));
  const sessions = playback.sessions.value;
  const total = sessions.reduce((sum, one) => sum + one.durationMs, 0);
  return (
    <section class="page" aria-labelledby="recording-title">
      <a class="back" href={href({ page: "recordings" })}>
        <Icon name="back" />
        {m.recordings.title}
      </a>
      <div class="headline">
        <div>
          <h1 id="recording-title">{title}</h1>
          {title === name ? null : <p class="lead">{name}</p>}
          <p class="lead">
            {sessions.length === 0
              ? ""
              : m.recordings.ofIt(duration(total), sessions.length, playback.days.value.length, zone())}
          </p>
        </div>
        {recorder === undefined ? null : <Badge looks={recordingLook} state={recorder.state} />}
      </div>
      {sessions.length === 0 ? <Nothing fault={fault} loading={answer === null} /> : <PlayerPanel server={server} name={name} playback={playback} />}
    </section>
  );
}

function Nothing({ fault, loading }: { fault: string | null; loading: boolean }): VNode {
  if (fault !== null) {
    return (
      <div class="panel empty">
        <h2>{m.recordings.unreadable}</h2>
        <p>{fault}</p>
      </div>
    );
  }
  if (loading) {
    return (
      <div class="panel empty">
        <Skeleton label={m.recordings.loading} />
      </div>
    );
  }
  return (
    <div class="panel empty">
      <h2>{m.recordings.none}</h2>
      <p>{m.recordings.noneOfIt}</p>
    </div>
  );
}

function PlayerPanel({ server, name, playback }: { server: string; name: string; playback: Playback }): VNode {
  // Read for the seconds: a session that is being recorded grows.
  void now.value;
  const chosen = playback.chosen.value;
  return (
    <div class="stage">
      <div class="watch">
        <div class="panel screen">
          <Screen playback={playback} />
          <div class="under">
            <Clock playback={playback} />
            {chosen?.endedAt === null ? (
              <p class="growing">
                <Sign kind="rec" />
                {m.recordings.growing}
              </p>
            ) : null}
          </div>
          <Unrecorded playback={playback} />
          <Control playback={playback} />
          <Timeline sessions={playback.shown} date={playback.day.value} chosen={chosen?.id ?? null} at={playback.at} now={serverNow()} go={(at) => playback.goTo(at)} stretch={playback.stretch} />
          <GoTo playback={playback} />
        </div>
      </div>
      <div class="panel pick">
        <DayPicker days={playback.days.value} chosen={playback.day.value} choose={(date) => (playback.day.value = date)} />
        <SessionList sessions={playback.shown} chosen={chosen?.id ?? null} choose={(id) => playback.choose(id)} now={serverNow()} />
      </div>
      <div class="panel files">
        <h2>{m.recordings.segments}</h2>
        {chosen === null ? null : <StretchDownload server={server} stream={name} session={chosen} wanted={playback.stretch} />}
        {chosen === null ? null : <Locks key={`locks ${chosen.id}`} stream={name} session={chosen} />}
        {chosen === null ? null : <Segments key={chosen.id} server={server} stream={name} session={chosen} at={playback.at} go={(at) => playback.goTo(at)} />}
      </div>
    </div>
  );
}

function Screen({ playback }: { playback: Playback }): VNode {
  const notice = playback.notice.value;
  return (
    <div class="player">
      <video ref={(video) => playback.player.attachTo(video)} controls playsInline preload="auto" aria-label={m.recordings.player} />
      <div class="notice" role="status" hidden={notice === null}>
        <p>{notice?.words}</p>
        {notice === null || notice.file === null ? null : (
          <a class="button" href={notice.file} download>
            <Icon name="down" />
            {m.recordings.download}
          </a>
        )}
        {notice === null || notice.retry === null ? null : (
          <button type="button" onClick={notice.retry}>
            <Icon name="restart" />
            {m.recordings.again}
          </button>
        )}
      </div>
    </div>
  );
}

/** That what plays is not the moment that was asked for, because nothing was recorded then. */
function Unrecorded({ playback }: { playback: Playback }): VNode | null {
  const wanted = playback.unrecorded.value;
  if (wanted === null) return null;
  const { at, begins } = wanted;
  return (
    <p class="unrecorded" role="status">
      {begins === null ? m.recordings.nothingAfter(dateTime(at)) : m.recordings.nothingAt(dateTime(at), dateTime(begins))}
    </p>
  );
}

/** The time below the picture: big, because "when was that?" is the question of every recording. */
function Clock({ playback }: { playback: Playback }): VNode {
  const at = playback.at.value;
  return (
    <p class="clock" aria-live="off">
      <time>{at === null ? "" : timeOfDay(at)}</time>
      <span>{at === null ? "" : dateTime(at).slice(0, 10)}</span>
    </p>
  );
}
