// One stream in the live table; on a phone the same cells make a card.

import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { fullTitle, nextTry, titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { flag } from "../../components/dom";
import type { RowPlace } from "../../components/table";
import { Sparkline } from "../../components/sparkline";
import { ago, bitrate, dateTime, plural, source, track } from "../../format";
import { now, past } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import { lineSince, reasonOf, type StreamLine } from "../../stream_lines";
import type { RecordingStatus } from "../../types";
import { cameraLook, lookOf, recordingLook, streamLook } from "../../words/states";

function Cell({ name, label, children }: { name: string; label: string; children: ComponentChildren }): VNode {
  return (
    <td role="cell" class={`c-${name}`} data-label={label}>
      {children}
    </td>
  );
}

interface Props extends StreamLine {
  place: RowPlace;
}

export function StreamRow({ place, ...line }: Props): VNode {
  const { stream, camera, recording, absent, several } = line;
  const { server, name } = stream;
  const key = streamKey(server, name);
  useEffect(() => (absent ? undefined : past.watch(server, name)), [key, absent]);
  const title = camera === null ? name : titleOf(camera);
  const why = reasonOf(line);
  return (
    <tr role="row" {...place} data-name={name} data-state={stream.state} data-recorded={flag(recording !== null)}>
      <th scope="row" role="rowheader" class="c-name">
        <a class="name" title={title} href={href({ page: "stream", server, name })}>
          {title}
        </a>
        {title === name ? null : <small>{name}</small>}
        {several ? <small>{server}</small> : null}
      </th>
      <Cell name="state" label="State">
        <span class="line">
          <Badge looks={streamLook} state={stream.state} />
          <small class="since" title={`since ${dateTime(lineSince(line))}`}>
            for {ago(lineSince(line), now.value)}
          </small>
          <OfCamera {...line} />
        </span>
        {why === "" ? null : (
          <small class="reason" title={why}>
            {why}
          </small>
        )}
      </Cell>
      <Cell name="source" label="Source">
        <span title={stream.sourceType ?? undefined}>{source(stream.sourceType)}</span>
      </Cell>
      <Cell name="bitrate" label="Bitrate">
        <Sparkline points={absent ? [] : past.of(server, name)} now={now.value} />
        <span class="rate">{stream.state === "live" || stream.state === "stalled" ? bitrate(stream.bitrate) : "–"}</span>
      </Cell>
      <Cell name="readers" label="Readers">
        <span>{stream.readers}</span>
      </Cell>
      <Cell name="tracks" label="Tracks">
        <span class="tracks">
          {stream.tracks.length === 0
            ? "–"
            : stream.tracks.map(track).map((one) => (
                <span class="tag" title={one}>
                  {one}
                </span>
              ))}
        </span>
      </Cell>
      <Cell name="recording" label="Recording">
        <Recording recording={recording} />
      </Cell>
    </tr>
  );
}

/** What the camera is doing about it, and the way to its log. */
function OfCamera({ stream, camera }: StreamLine): VNode | null {
  if (camera === null || stream.state === "live") return null;
  const words = nextTry(camera, now.value);
  return (
    <>
      <a class="of-camera" href={href({ page: "camera", id: camera.id })} aria-label={`Camera ${fullTitle(camera)}: ${lookOf(cameraLook, camera.state).words}`}>
        <Badge looks={cameraLook} state={camera.state} />
      </a>
      {words === null ? null : <small class="next">{words}</small>}
    </>
  );
}

function Recording({ recording }: { recording: RecordingStatus | null }): VNode {
  const more = recording === null ? "" : (recording.reason ?? (recording.segments > 0 ? plural(recording.segments, "segment") : ""));
  return (
    <>
      <span class="line">{recording === null ? <span class="none">–</span> : <Badge looks={recordingLook} state={recording.state} />}</span>
      {more === "" ? null : (
        <small class="reason" title={more}>
          {more}
        </small>
      )}
    </>
  );
}
