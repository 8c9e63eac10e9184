// What a stream is made of, and the ways to its recordings and its camera.

import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icons";
import { bitrate, bytes, dateTime, source } from "../../format";
import { useDay } from "../../components/watched_day";
import { live, several } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import type { CameraStatus, StreamStatus, Track } from "../../types";
import { m } from "../../words/language";
import { cameraLook, recordingLook } from "../../words/states";
import { countedSince } from "./counted";

function words(track: Track): string {
  const { width = null, height = null, profile = null, sampleRate = null, channels = null } = track;
  const parts = [
    width !== null && height !== null ? `${width}×${height}` : null,
    profile,
    sampleRate !== null ? `${Number((sampleRate / 1000).toFixed(1))} kHz` : null,
    channels !== null ? m.streams.channels(channels) : null,
  ];
  return parts.filter((one) => one !== null && one !== "").join(", ");
}

function factsOf(stream: StreamStatus): [string, string | null][] {
  const number = (value: number | null | undefined, unit: string) => (value === null || value === undefined ? null : `${Number(value.toFixed(2))} ${unit}`);
  const started = live.value.servers.get(stream.server)?.startedAt ?? null;
  return [
    [m.streams.facts.bitrate, bitrate(stream.bitrate)],
    [m.streams.facts.readers, String(stream.readers)],
    [m.streams.facts.source, source(stream.sourceType)],
    [m.streams.facts.server, several.value ? stream.server : null],
    [m.servers.upSince, started === null ? null : dateTime(started).slice(0, 16)],
    [m.streams.facts.rtt, number(stream.rtt, "ms")],
    [m.streams.facts.loss, number(stream.lossRate, "%")],
    [m.stream.metrics.retransmitRate, number(stream.retransmitRate, "/s")],
    [m.streams.facts.srt, number(stream.recvRateMbps, "Mbit/s")],
    [m.streams.facts.capacity, number(stream.linkCapacityMbps, "Mbit/s")],
  ];
}

/** What was counted, beside what it is a second, and since when it is counted. */
function Totals({ stream }: { stream: StreamStatus }): VNode {
  const { past } = useDay(stream);
  const out = useRate(stream.bytesSent);
  const reset = past?.items.filter((one) => one.reset === true).at(-1) ?? null;
  const started = live.value.servers.get(stream.server)?.startedAt ?? null;
  const since = reset === null ? "" : m.stream.counted(dateTime(countedSince(reset.at, started)).slice(0, 16));
  return (
    <dl class="facts totals-of">
      {[
        { title: m.stream.received, total: stream.bytesReceived, rate: stream.bitrate },
        { title: m.stream.sent, total: stream.bytesSent, rate: out },
      ].map(({ title, total, rate }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{bytes(total)}</dd>
          <dd class="beside">{m.stream.perSecond(bitrate(rate))}</dd>
        </div>
      ))}
      {since === "" ? null : <p class="beside">{since}</p>}
    </dl>
  );
}

/** Bits per second of a counter, over the last few readings; null until there are two, and when it began anew. */
function useRate(count: number): number | null {
  const readings = useRef<{ at: number; count: number }[]>([]);
  const last = readings.current[readings.current.length - 1];
  if (last === undefined || last.count !== count) {
    if (last !== undefined && count < last.count) readings.current = [];
    readings.current = [...readings.current.slice(-5), { at: performance.now(), count }];
  }
  const [first] = readings.current;
  const newest = readings.current[readings.current.length - 1];
  if (first === undefined || newest === undefined || newest === first) return null;
  // Nothing new for long: nothing goes out.
  const end = Math.max(newest.at, performance.now() - 5_000);
  return ((newest.count - first.count) * 8_000) / Math.max(1, end - first.at);
}

export function Facts({ stream, camera }: { stream: StreamStatus; camera: CameraStatus | null }): VNode {
  const { server, name } = stream;
  const recording = live.value.recordings.get(streamKey(server, name)) ?? null;
  return (
    <div class="panel about-stream">
      <dl class="facts">
        {factsOf(stream).map(([title, value]) =>
          value === null ? null : (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <Totals stream={stream} />
      <h2>{m.streams.tracks}</h2>
      <ul class="track-list">
        {stream.tracks.length === 0 ? <li class="note">{m.streams.noTracks}</li> : null}
        {stream.tracks.map((one) => (
          <li>
            <b>{one.codec}</b>
            <span>{words(one)}</span>
          </li>
        ))}
      </ul>
      <div class="links">
        <a href={href({ page: "recording", server, name, session: null })}>
          <Icon name="film" />
          <span>{m.streams.recordings}</span>
          {recording === null ? null : <Badge looks={recordingLook} state={recording.state} />}
          <Icon name="chevron" />
        </a>
        {camera === null ? null : (
          <a href={href({ page: "camera", id: camera.id })}>
            <Icon name="camera" />
            <span>{m.streams.cameraOf(camera.kind)}</span>
            <Badge looks={cameraLook} state={camera.state} />
            <Icon name="chevron" />
          </a>
        )}
      </div>
    </div>
  );
}
