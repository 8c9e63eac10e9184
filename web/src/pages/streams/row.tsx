// One stream in the live table; on a phone the same cells make a card.

import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { fullTitle, nextTry, titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { flag } from "../../components/dom";
import { DayBar } from "../../components/day_bar";
import type { RowPlace } from "../../components/table";
import { Sparkline } from "../../components/sparkline";
import { ago, bitrate, bothTimes, source, track } from "../../format";
import { now, past } from "../../model";
import { href } from "../../router";
import { streamKey } from "../../store";
import type { Column } from "./order";
import { lineSince, reasonOf, type StreamLine } from "../../stream_lines";
import type { RecordingStatus } from "../../types";
import { m } from "../../words/language";
import { cameraLook, lookOf, recordingLook, streamLook } from "../../words/states";

function Cell({ name, label, children }: { name: string; label: string; children: ComponentChildren }): VNode {
  return (
    <td role="cell" class={`c-${name}`} data-label={label}>
      {children}
    </td>
  );
}

interface Props {
  place: RowPlace;
  line: StreamLine;
  columns: readonly Column[];
  /** Close rows: what needs a second line is left out. */
  dense: boolean;
}

export function StreamRow({ place, line, columns, dense }: Props): VNode {
  const { stream, recording, absent } = line;
  const { server, name } = stream;
  const key = streamKey(server, name);
  const lines = columns.includes("bitrate");
  useEffect(() => (absent || !lines ? undefined : past.watch(server, name)), [key, absent, lines]);
  return (
    <tr role="row" {...place} data-name={name} data-state={stream.state} data-recorded={flag(recording !== null)}>
      {columns.map((one) => (one === "name" ? <Name key={one} line={line} /> : <Value key={one} column={one} line={line} dense={dense} />))}
    </tr>
  );
}

function Name({ line: { stream, camera, several } }: { line: StreamLine }): VNode {
  const { server, name } = stream;
  const title = camera === null ? name : titleOf(camera);
  return (
    <th scope="row" role="rowheader" class="c-name">
      <a class="name" title={title} href={href({ page: "stream", server, name })}>
        {title}
      </a>
      {title === name ? null : <small>{name}</small>}
      {several ? <small>{server}</small> : null}
    </th>
  );
}

const cells: Record<Exclude<Column, "name">, (line: StreamLine, dense: boolean) => ComponentChildren> = {
  state: (line, dense) => <State line={line} dense={dense} />,
  source: ({ stream }) => <span title={stream.sourceType ?? undefined}>{source(stream.sourceType)}</span>,
  bitrate: ({ stream, absent }) => (
    <>
      <Sparkline points={absent ? [] : past.of(stream.server, stream.name)} now={now.value} />
      <span class="rate">{stream.state === "live" || stream.state === "stalled" ? bitrate(stream.bitrate) : "–"}</span>
    </>
  ),
  day: ({ stream, absent }) => <DayBar stream={stream} watched={!absent} />,
  readers: ({ stream }) => <span>{stream.readers}</span>,
  tracks: ({ stream }, dense) => <Tracks tracks={stream.tracks.map(track)} dense={dense} />,
  recording: ({ recording }, dense) => <Recording recording={recording} dense={dense} />,
};

function Value({ column, line, dense }: { column: Exclude<Column, "name">; line: StreamLine; dense: boolean }): VNode {
  return (
    <Cell name={column} label={m.overview.column[column]}>
      {cells[column](line, dense)}
    </Cell>
  );
}

function State({ line, dense }: { line: StreamLine; dense: boolean }): VNode {
  const why = reasonOf(line);
  return (
    <>
      <span class="line" title={dense && why !== "" ? why : undefined}>
        <Badge looks={streamLook} state={line.stream.state} />
        <small class="since" title={m.overview.since(bothTimes(lineSince(line)))}>
          {m.overview.lasting(ago(lineSince(line), now.value))}
        </small>
        {line.excused ? <small class="excused">{m.overview.excused}</small> : null}
        <OfCamera {...line} />
      </span>
      {why === "" || dense ? null : (
        <small class="reason" title={why}>
          {why}
        </small>
      )}
    </>
  );
}

/** In close rows the first one, and how many there are. */
function Tracks({ tracks, dense }: { tracks: readonly string[]; dense: boolean }): VNode {
  const shown = dense ? tracks.slice(0, 1) : tracks;
  return (
    <span class="tracks" title={dense ? tracks.join(", ") : undefined}>
      {tracks.length === 0 ? "–" : null}
      {shown.map((one) => (
        <span key={one} class="tag" title={one}>
          {one}
        </span>
      ))}
      {tracks.length > shown.length ? <small>+{tracks.length - shown.length}</small> : null}
    </span>
  );
}

/** What the camera is doing about it, and the way to its log. */
function OfCamera({ stream, camera }: StreamLine): VNode | null {
  if (camera === null || stream.state === "live") return null;
  const words = nextTry(camera, now.value);
  return (
    <>
      <a class="of-camera" href={href({ page: "camera", id: camera.id })} aria-label={m.streams.camera(fullTitle(camera), lookOf(cameraLook, camera.state).words)}>
        <Badge looks={cameraLook} state={camera.state} />
      </a>
      {words === null ? null : <small class="next">{words}</small>}
    </>
  );
}

function Recording({ recording, dense }: { recording: RecordingStatus | null; dense: boolean }): VNode {
  const more = recording === null ? "" : (recording.reason ?? (recording.segments > 0 ? m.streams.segments(recording.segments) : ""));
  return (
    <>
      <span class="line">{recording === null ? <span class="none">–</span> : <Badge looks={recordingLook} state={recording.state} />}</span>
      {more === "" || dense ? null : (
        <small class="reason" title={more}>
          {more}
        </small>
      )}
    </>
  );
}
