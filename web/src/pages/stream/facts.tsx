// What a stream is made of, and the ways to its recordings and its camera.

import type { VNode } from "preact";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icons";
import { bitrate, bytes, plural, source } from "../../format";
import { live, several } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import type { CameraStatus, StreamStatus, Track } from "../../types";
import { cameraLook, recordingLook } from "../../words/states";

function words(track: Track): string {
  const { width = null, height = null, profile = null, sampleRate = null, channels = null } = track;
  const parts = [
    width !== null && height !== null ? `${width}×${height}` : null,
    profile,
    sampleRate !== null ? `${Number((sampleRate / 1000).toFixed(1))} kHz` : null,
    channels !== null ? plural(channels, "channel") : null,
  ];
  return parts.filter((one) => one !== null && one !== "").join(", ");
}

function factsOf(stream: StreamStatus): [string, string | null][] {
  const number = (value: number | null | undefined, unit: string) => (value === null || value === undefined ? null : `${Number(value.toFixed(2))} ${unit}`);
  return [
    ["Bitrate", bitrate(stream.bitrate)],
    ["Readers", String(stream.readers)],
    ["Source", source(stream.sourceType)],
    ["Server", several.value ? stream.server : null],
    ["Received", bytes(stream.bytesReceived)],
    ["Sent", bytes(stream.bytesSent)],
    ["Round trip", number(stream.rtt, "ms")],
    ["Packets lost", number(stream.lossRate, "%")],
    ["SRT rate", number(stream.recvRateMbps, "Mbit/s")],
    ["Link capacity", number(stream.linkCapacityMbps, "Mbit/s")],
  ];
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
      <h2>Tracks</h2>
      <ul class="track-list">
        {stream.tracks.length === 0 ? <li class="note">none</li> : null}
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
          <span>Recordings</span>
          {recording === null ? null : <Badge looks={recordingLook} state={recording.state} />}
          <Icon name="chevron" />
        </a>
        {camera === null ? null : (
          <a href={href({ page: "camera", id: camera.id })}>
            <Icon name="camera" />
            <span>Camera ({camera.kind})</span>
            <Badge looks={cameraLook} state={camera.state} />
            <Icon name="chevron" />
          </a>
        )}
      </div>
    </div>
  );
}
