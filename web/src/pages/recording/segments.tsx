// The segments of one session: when, how long, where it is kept, and the file itself.

import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, segmentUrl, sentence, serverNow } from "../../api";
import { Icon, Sign } from "../../components/icons";
import { bytes, clockLength, timeOfDay } from "../../format";
import type { RecordingSession, Segment, SegmentState } from "../../types";
import { m } from "../../words/language";
import type { Look } from "../../words/states";
import { stretch } from "./stretch";

const looks: Record<SegmentState, Omit<Look, "words">> = {
  writing: { sign: "rec", tone: "rec" },
  sealed: { sign: "busy", tone: "busy" },
  uploading: { sign: "busy", tone: "busy" },
  uploaded: { sign: "good", tone: "good" },
  evicted: { sign: "good", tone: "good" },
  missing: { sign: "bad", tone: "bad" },
  lost: { sign: "bad", tone: "bad" },
};
const PAGE = 60;

interface Props {
  server: string;
  stream: string;
  session: RecordingSession;
  /** The moment that is shown, ms since the epoch. */
  at: ReadonlySignal<number | null>;
  go: (at: number) => void;
}

export function Segments({ server, stream, session, at, go }: Props): VNode {
  const [segments, setSegments] = useState<readonly Segment[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);
  const load = async (after: string | null) => {
    setBusy(true);
    try {
      const [from, to] = stretch(session, serverNow());
      const page = await api.segments(server, stream, { from, to, after, limit: PAGE }, abort.current.signal);
      const found = page.items.filter((one) => one.session === session.id);
      setSegments((before) => (after === null ? found : [...(before ?? []), ...found]));
      setNext(page.next);
      setFault(null);
    } catch (error) {
      if (!abort.current.signal.aborted) setFault(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  // A session that has grown. Whoever has not come to its end yet finds the rest there.
  useEffect(() => {
    if (segments === null || (next === null && segments.length < PAGE)) void load(null);
  }, [session.segments, session.endedAt]);
  const moment = at.value;
  const plays = moment === null ? null : (segments?.find((one) => moment >= Date.parse(one.startedAt) && moment < Date.parse(one.startedAt) + one.durationMs)?.id ?? null);
  const count = segments?.length ?? 0;
  const note = fault ?? (segments !== null && count === 0 ? m.recordings.noSegment : null);
  return (
    <div class="segment-list">
      {count === 0 ? null : (
        <table class="segments">
          <caption class="unseen">{m.recordings.segmentsOf}</caption>
          <thead>
            <tr>
              {Object.values(m.recordings.heads).map((one) => (
                <th key={one} scope="col">
                  {one}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {segments?.map((one) => (
              <Row key={one.id} segment={one} plays={plays === one.id} go={go} />
            ))}
          </tbody>
        </table>
      )}
      {note === null ? null : <p class="note">{note}</p>}
      {next === null ? null : (
        <button type="button" class="small" disabled={busy} onClick={() => void load(next)}>
          {m.recordings.more}
        </button>
      )}
    </div>
  );
}

function Row({ segment, plays, go }: { segment: Segment; plays: boolean; go: (at: number) => void }): VNode {
  const look = (looks as Partial<typeof looks>)[segment.state] ?? { sign: "unknown", tone: "off" };
  const playable = !["writing", "missing", "lost"].includes(segment.state);
  const stamp = segment.startedAt.replace(/[-:]/g, "").replace("T", "_").slice(0, 15);
  const file = `${segment.stream.replace(/\//g, "_")}_${stamp}Z.mp4`;
  return (
    <tr aria-current={plays ? "time" : undefined}>
      <td>
        {playable ? (
          <button type="button" class="small quiet" aria-label={m.stretch.playFrom(timeOfDay(segment.startedAt))} onClick={() => go(Date.parse(segment.startedAt))}>
            {timeOfDay(segment.startedAt)}
          </button>
        ) : (
          timeOfDay(segment.startedAt)
        )}
      </td>
      <td>{segment.durationMs > 0 ? clockLength(Math.round(segment.durationMs / 1000)) : "–"}</td>
      <td>{segment.bytes > 0 ? bytes(segment.bytes) : "–"}</td>
      <td>
        <span class="badge" data-tone={look.tone}>
          <Sign kind={look.sign} />
          {m.recordings.segment[segment.state] ?? segment.state}
        </span>
        {segment.reason === null ? null : <small>{segment.reason}</small>}
      </td>
      <td>
        {playable ? (
          <a href={segmentUrl(segment.id)} download={file} aria-label={m.recordings.downloadLabel(timeOfDay(segment.startedAt))}>
            <Icon name="down" />
            <span>{m.recordings.download}</span>
          </a>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}
