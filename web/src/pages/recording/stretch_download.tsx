// A stretch of time as one file: its segments are fetched one after the other, joined here, and handed to the browser.

import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, segmentUrl, sentence, serverNow } from "../../api";
import { Waiting } from "../../components/button";
import { Icon } from "../../components/icons";
import { toast } from "../../components/toast";
import { endOf } from "../../days";
import { bytes, dateTime, timeOfDay } from "../../format";
import type { RecordingSession, Segment } from "../../types";
import { m } from "../../words/language";
import { fillFields } from "../stream/span";
import { Joiner, NotJoined } from "./join";

/** So much goes into one file; the browser keeps it until it is saved. */
const MOST_BYTES = 2_000_000_000;
const PAGE = 500;
/** What is offered at first, ms. */
const OFFERED = 60_000;
/** A file that was handed over is let go after so long, ms. */
const LET_GO = 60_000;

const playable = (one: Segment) => !["writing", "missing", "lost"].includes(one.state) && lengthOf(one) > 0;
/** For how long it is shown, ms. */
const lengthOf = (one: Segment) => one.mediaMs ?? one.durationMs;
const endOfSegment = (one: Segment) => Date.parse(one.startedAt) + one.durationMs;

/** The segments that touch a stretch, oldest first. */
async function segmentsOf(server: string, stream: string, from: number, to: number, signal: AbortSignal): Promise<Segment[]> {
  const all: Segment[] = [];
  let after: string | null = null;
  do {
    const page: { items: Segment[]; next: string | null } = await api.segments(server, stream, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), after, limit: PAGE }, signal);
    all.push(...page.items.filter(playable));
    after = page.next;
  } while (after !== null);
  return all.filter((one) => Date.parse(one.startedAt) < to && endOfSegment(one) > from).sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

/** What is joined. Throws a sentence for people. */
async function joined(segments: readonly Segment[], from: number, to: number, signal: AbortSignal, tell: (done: number) => void): Promise<Blob> {
  const joiner = new Joiner();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const [index, one] of segments.entries()) {
    tell(index);
    const answer = await fetch(segmentUrl(one.id), { signal });
    if (!answer.ok) throw new Error(m.player.answered(answer.status));
    const start = Date.parse(one.startedAt);
    try {
      parts.push(...joiner.add(await answer.arrayBuffer(), lengthOf(one) / 1_000, Math.max(0, from - start) / 1_000, (to - start) / 1_000));
    } catch (error) {
      if (!(error instanceof NotJoined)) throw error;
      throw new Error(error.why === "damaged" ? m.stretch.damaged(timeOfDay(start)) : m.stretch.otherTracks(timeOfDay(start)));
    }
  }
  return new Blob(parts, { type: "video/mp4" });
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LET_GO);
}

interface Props {
  server: string;
  stream: string;
  session: RecordingSession;
  /** What was chosen on the strip. */
  wanted: ReadonlySignal<{ from: number; to: number } | null>;
}

export function StretchDownload({ server, stream, session, wanted }: Props): VNode {
  const [busy, setBusy] = useState<{ done: number; all: number; abort: AbortController } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const end = endOf(session, serverNow());
  /** Somebody has chosen the times, here or on the strip: they stay, whatever plays. */
  const isChosen = useRef(false);
  const chosen = wanted.value;
  useEffect(() => {
    if (!isChosen.current && busy === null) fillFields(form.current, { from: Math.max(Date.parse(session.startedAt), end - OFFERED), to: end });
  }, [session.id]);
  useEffect(() => {
    if (chosen === null) return;
    isChosen.current = true;
    fillFields(form.current, chosen);
  }, [chosen]);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const run = async () => {
    const moment = (name: string) => Date.parse((form.current?.elements.namedItem(name) as HTMLInputElement).value);
    const [from, to] = [moment("from"), moment("to")];
    if (!(from < to)) return setFault(m.stretch.order);
    const abort = new AbortController();
    running.current = abort;
    setFault(null);
    setBusy({ done: 0, all: 0, abort });
    try {
      const segments = await segmentsOf(server, stream, from, to, abort.signal);
      const size = segments.reduce((sum, one) => sum + one.bytes, 0);
      if (segments.length === 0) throw new Error(m.stretch.nothing);
      if (size > MOST_BYTES) throw new Error(m.stretch.large(bytes(size), bytes(MOST_BYTES)));
      const file = await joined(segments, from, to, abort.signal, (done) => setBusy({ done, all: segments.length, abort }));
      save(file, `${stream.replace(/\//g, "_")}_${new Date(from).toISOString().replace(/[-:]/g, "").replace("T", "_").slice(0, 15)}Z.mp4`);
      const last = segments.at(-1);
      const short = (segments[0] !== undefined && Date.parse(segments[0].startedAt) > from + 1_000) || (last !== undefined && endOfSegment(last) < to - 1_000);
      toast(short ? m.stretch.partly(dateTime(segments[0]?.startedAt ?? ""), timeOfDay(last === undefined ? to : endOfSegment(last)), bytes(file.size)) : m.stretch.done(bytes(file.size)));
    } catch (error) {
      if (!abort.signal.aborted) setFault(sentence(error));
    }
    setBusy(null);
  };
  return (
    <form
      ref={form}
      class="stretch-download"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy === null) void run();
      }}
    >
      {(["from", "to"] as const).map((one) => (
        <label key={one}>
          {m.stream[one]}
          <input name={one} type="datetime-local" step="1" required onInput={() => (isChosen.current = true)} />
        </label>
      ))}
      <button type="submit" class="small" disabled={busy !== null}>
        <Waiting busy={busy !== null} />
        <Icon name="down" />
        {m.stretch.download}
      </button>
      {busy === null ? null : (
        <>
          <span role="status">{busy.all === 0 ? "" : m.stretch.progress(busy.done + 1, busy.all)}</span>
          <button type="button" class="small quiet" onClick={() => busy.abort.abort()}>
            {m.shell.cancel}
          </button>
        </>
      )}
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
