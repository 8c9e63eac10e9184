// What the last runs of a camera's ffmpeg said, the newest run first; read again while it is looked at.

import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { api } from "../../api";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { capital, duration, timeOfDay } from "../../format";
import { logText } from "../../log_text";
import type { LogRun } from "../../types";
import { m } from "../../words/language";
import { copyText } from "../../browser/clipboard";

const EVERY = 2_000;

async function copy(runs: readonly LogRun[]): Promise<void> {
  if (await copyText(logText(runs))) toast(m.cameras.copiedRuns(runs.length));
  else toast(m.ways.notCopied, "bad");
}

export function CameraLog({ id, state }: { id: number; state: string }): VNode | null {
  const polled = usePolled(String(id), EVERY, (signal) => api.cameraLog(id, signal));
  useEffect(() => polled.refresh(), [state]);
  const { answer, fault, none } = polled.state.value;
  if (none) return null;
  const runs = answer?.items ?? [];
  const note = fault !== null ? m.cameras.logFault(fault) : answer === null ? m.cameras.reading : runs.length === 0 ? m.cameras.noLog : null;
  return (
    <section class="panel log" aria-labelledby="log-title">
      <div class="graph-head">
        <h2 id="log-title">{m.cameras.log}</h2>
        <button type="button" class="small" disabled={runs.length === 0} aria-label={m.cameras.copyLog} onClick={() => void copy(runs)}>
          <Icon name="copy" />
          {m.cameras.copy}
        </button>
      </div>
      {note === null ? null : <p class="note">{note}</p>}
      <ol class="runs">
        {runs.map((one) => (
          <Run key={`${one.startedAt} ${one.pid}`} run={one} />
        ))}
      </ol>
    </section>
  );
}

function Run({ run }: { run: LogRun }): VNode {
  const live = run.endedAt === null;
  const ms = run.endedAt === null ? 0 : Date.parse(run.endedAt) - Date.parse(run.startedAt);
  const length = ms < 1_000 ? "" : `, ${duration(ms)}`;
  const silent = run.lines.length === 0 ? m.cameras.saidNothing : "";
  return (
    <li>
      <header>
        <h3>{`${timeOfDay(run.startedAt)} – ${run.endedAt === null ? m.cameras.now : timeOfDay(run.endedAt)}${length}`}</h3>
        <p class="ending">{`${run.program} ${run.pid}${live ? m.cameras.isRunning : `: ${run.ending ?? m.cameras.ended}`}${silent}`}</p>
      </header>
      {run.fault === null ? null : <p class="fault">{capital(run.fault.message)}</p>}
      <Lines label={m.cameras.linesOf(`${run.program} ${run.pid}`)} words={run.lines.join("\n")} />
    </li>
  );
}

/** Whoever has scrolled up reads on; at its end it follows what comes. */
function Lines({ label, words }: { label: string; words: string }): VNode {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (box.current !== null && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [words]);
  // It scrolls: a keyboard must reach it.
  return (
    <pre
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={label}
      hidden={words === ""}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => (atEnd.current = scrollTop + clientHeight >= scrollHeight - 8)}
    >
      {words}
    </pre>
  );
}
