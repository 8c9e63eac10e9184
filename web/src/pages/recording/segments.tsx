// The segments of one session, the newest first: when, how long, where it is kept, and the file itself.

import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, segmentUrl, sentence, serverNow } from "../../api";
import { Headings } from "../../components/headings";
import { Icon, Sign } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { bothTimes, bytes, clockLength, day, timeOfDay } from "../../format";
import type { RecordingSession, Segment, SegmentState } from "../../types";
import { m } from "../../words/language";
import type { StateStyle } from "../../words/states";
import { merged, startOf, unfinished } from "./listed_segments";
import { stretch } from "./stretch";

const looks: Record<SegmentState, Omit<StateStyle, "words">> = {
  writing: { sign: "rec", tone: "rec" },
  sealed: { sign: "busy", tone: "busy" },
  uploading: { sign: "busy", tone: "busy" },
  uploaded: { sign: "good", tone: "good" },
  evicted: { sign: "good", tone: "good" },
  missing: { sign: "bad", tone: "bad" },
  lost: { sign: "bad", tone: "bad" },
  deleted: { sign: "off", tone: "off" },
};
/** Segments are listed by so much time, ms, and fetched by so many. */
const STRETCH = 3_600_000;
const PAGE = 1_000;
/** What is not stored yet is asked for again so often, ms. */
const AGAIN = 15_000;

/** A part of a session that is listed, newest first. */
interface Listed {
  items: readonly Segment[];
  /** What it holds, ms since the epoch. */
  from: number;
  to: number;
}

interface Props {
  server: string;
  stream: string;
  session: RecordingSession;
  /** The moment that is shown, ms since the epoch. */
  at: ReadonlySignal<number | null>;
  go: (at: number) => void;
}

/** The segments of a session between two moments, newest first. */
async function fetched({ server, stream, session }: Props, from: number, to: number, signal: AbortSignal): Promise<Segment[]> {
  const all: Segment[] = [];
  let after: string | null = null;
  do {
    const query = { from: new Date(from).toISOString(), to: new Date(Math.max(to, from + 1)).toISOString(), after, limit: PAGE };
    const page: { items: Segment[]; next: string | null } = await api.segments(server, stream, query, signal);
    all.push(...page.items.filter((one) => one.session === session.id));
    after = page.next;
  } while (after !== null);
  return all.reverse();
}

function useListed(props: Props) {
  const { session } = props;
  const [listed, list] = useState<Listed | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);
  const [begin, end] = stretch(session, serverNow()).map(Date.parse) as [number, number];
  /** Lists a stretch beside what is there, or in its place. */
  const load = async (from: number, to: number, isBeside: boolean) => {
    setBusy(true);
    try {
      const items = await fetched(props, Math.max(begin, from), Math.min(end, to), abort.current.signal);
      list((before) => {
        if (!isBeside || before === null) return { items: merged([], items, from, to), from, to };
        return { items: merged(before.items, items, from, to), from: Math.min(before.from, from), to: Math.max(before.to, to) };
      });
      setFault(null);
    } catch (error) {
      if (!abort.current.signal.aborted) setFault(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  // A session that has grown. Whoever looks at an older part of it finds the rest there.
  useEffect(() => {
    if (listed === null) void load(end - STRETCH, end, false);
    else if (listed.to > end - STRETCH) void load(Math.min(listed.to, end) - STRETCH, end, true);
  }, [session.segments, session.endedAt]);
  // Nothing of the session changes when a segment is stored.
  const open = unfinished(listed?.items ?? []);
  const { state } = usePolled(`${open?.from} ${open?.to}`, AGAIN, async (signal) => open && { ...open, items: await fetched(props, open.from, open.to, signal) });
  const { answer } = state.value;
  useEffect(() => {
    if (answer !== null) list((before) => before && { ...before, items: merged(before.items, answer.items, answer.from, answer.to) });
  }, [answer]);
  return { listed, fault, busy, begin, end, load };
}

export function Segments(props: Props): VNode {
  const { session, at, go } = props;
  const { listed, fault, busy, begin, end, load } = useListed(props);
  const moment = at.value;
  const items = listed?.items ?? [];
  const plays = moment === null ? null : (items.find((one) => moment >= startOf(one) && moment < startOf(one) + one.durationMs)?.id ?? null);
  const isElsewhere = listed !== null && moment !== null && moment >= begin - 1_000 && (moment < listed.from || moment > listed.to);
  const note = fault ?? (listed !== null && items.length === 0 ? m.recordings.noSegment : null);
  // The day is told where there is more than one.
  const days = day(session.startedAt) !== day(end);
  return (
    <div class="segment-list">
      <div class="buttons">
        {isElsewhere ? (
          <button type="button" class="small" disabled={busy} onClick={() => void load(moment - STRETCH / 2, moment + STRETCH / 2, false)}>
            {m.footage.playing}
          </button>
        ) : null}
        {listed !== null && listed.to < end - STRETCH ? (
          <button type="button" class="small" disabled={busy} onClick={() => void load(listed.to, listed.to + STRETCH, true)}>
            {m.footage.newer}
          </button>
        ) : null}
      </div>
      {items.length === 0 ? null : (
        <table class="segments">
          <caption class="unseen">{m.recordings.segmentsOf}</caption>
          <Headings of={Object.values(m.recordings.heads)} />
          <tbody>
            {items.map((one) => (
              <Row key={one.id} segment={one} plays={plays === one.id} days={days} go={go} />
            ))}
          </tbody>
        </table>
      )}
      {note === null ? null : <p class="note">{note}</p>}
      {listed === null || listed.from <= begin ? null : (
        <button type="button" class="small" disabled={busy} onClick={() => void load(listed.from - STRETCH, listed.from, true)}>
          {m.footage.older}
        </button>
      )}
    </div>
  );
}

function Row({ segment, plays, days, go }: { segment: Segment; plays: boolean; days: boolean; go: (at: number) => void }): VNode {
  const look = (looks as Partial<typeof looks>)[segment.state] ?? { sign: "unknown", tone: "off" };
  const playable = !["writing", "missing", "lost", "deleted"].includes(segment.state);
  const stamp = segment.startedAt.replace(/[-:]/g, "").replace("T", "_").slice(0, 15);
  const file = `${segment.stream.replace(/\//g, "_")}_${stamp}Z.mp4`;
  return (
    <tr aria-current={plays ? "time" : undefined}>
      <td title={bothTimes(segment.startedAt)}>
        {playable ? (
          <button type="button" class="small quiet" aria-label={m.stretch.playFrom(timeOfDay(segment.startedAt))} onClick={() => go(Date.parse(segment.startedAt))}>
            {timeOfDay(segment.startedAt)}
          </button>
        ) : (
          <span class="no-button">{timeOfDay(segment.startedAt)}</span>
        )}
        {days ? <small>{day(segment.startedAt)}</small> : null}
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
