// What a look at a source found: asked for by a button, shown with its progress, and marked as old when what was looked at is
// another by now.

import { signal, type Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sentence } from "../api";
import { capital } from "../format";
import { advice, found, headline, looked } from "../probe_words";
import type { Probe } from "../types";
import { m } from "../words/language";
import { flag } from "./dom";
import { Icon, Sign } from "./icons";

interface State {
  /** What was found last, or why nobody could look. */
  found: { probe: Probe } | { fault: string } | null;
  /** When the look that is under way began. */
  since: number | null;
  /** What was looked at is another by now, in words. */
  age: string | null;
}

export class CameraProbe {
  readonly state: Signal<State> = signal({ found: null, since: null, age: null });
  private abort: AbortController | null = null;
  /** When what is shown was found. */
  private last: string | null = null;

  /** `run` looks; it may throw anything, or return null when there is nothing to look at. `failed` is told of a failure that is
   * no finding; true when it was shown elsewhere. */
  constructor(
    private readonly run: (signal: AbortSignal) => Promise<Probe | null>,
    private readonly failed: (error: unknown) => boolean = () => false,
  ) {}

  /** What was looked at is another by now, in words; null when it is the same again. */
  old(words: string | null): void {
    if (this.state.peek().age !== words) this.change({ age: words });
  }

  /** Takes a finding that somebody else has made, when it is the newer one. */
  news(probe: Probe): void {
    if (this.abort !== null || (this.last !== null && Date.parse(probe.at) <= Date.parse(this.last))) return;
    this.take(probe);
    this.change({ age: null });
  }

  close(): void {
    this.abort?.abort();
  }

  async look(): Promise<void> {
    if (this.abort !== null) return;
    const abort = new AbortController();
    this.abort = abort;
    this.change({ found: null, since: performance.now(), age: null });
    try {
      const probe = await this.run(abort.signal);
      // What was looked at may have become another meanwhile: its age stays.
      if (probe !== null && !abort.signal.aborted) this.take(probe);
    } catch (error) {
      if (!abort.signal.aborted && !this.failed(error)) this.change({ found: { fault: sentence(error) } });
    } finally {
      this.abort = null;
      this.change({ since: null });
    }
  }

  private take(probe: Probe): void {
    this.last = probe.at;
    this.change({ found: { probe } });
  }

  private change(change: Partial<State>): void {
    this.state.value = { ...this.state.peek(), ...change };
  }
}

export function ProbeButton({ look, label }: { look: CameraProbe; label: string }): VNode {
  return (
    <button type="button" class="small" disabled={look.state.value.since !== null} onClick={() => void look.look()}>
      <Icon name="look" />
      {label}
    </button>
  );
}

export function Finding({ look }: { look: CameraProbe }): VNode {
  const { found, since, age } = look.state.value;
  useEffect(() => () => look.close(), [look]);
  return (
    <div class="probe">
      {since === null ? null : <Progress since={since} />}
      {found === null || age === null ? null : (
        <p class="old" role="status">
          {age}
        </p>
      )}
      <div class="probe-result" role="status" hidden={found === null} data-old={flag(age !== null)}>
        {found === null ? null : "probe" in found ? <Found probe={found.probe} /> : <Complaint words={found.fault} />}
      </div>
    </div>
  );
}

function Progress({ since }: { since: number }): VNode {
  const [seconds, count] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => count(Math.floor((performance.now() - since) / 1000)), 1_000);
    return () => clearInterval(timer);
  }, [since]);
  return (
    <p class="progress">
      <Sign kind="busy" />
      <span role="status">{m.probe.probing}</span>
      <span aria-hidden="true">{seconds} s</span>
    </p>
  );
}

function Verdict({ tone, words }: { tone: "good" | "bad" | "warn"; words: string }): VNode {
  return (
    <p class="verdict badge" data-tone={tone}>
      <Sign kind={tone} />
      <span>{words}</span>
    </p>
  );
}

function Found({ probe }: { probe: Probe }): VNode {
  const rows = found(probe);
  return (
    <>
      <Verdict tone={probe.ok ? "good" : "bad"} words={headline(probe)} />
      {probe.fault === null ? null : <p class="advice">{advice(probe)}</p>}
      {rows.length === 0 ? null : (
        <dl class="found">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="looked">{looked(probe)}</p>
    </>
  );
}

function Complaint({ words }: { words: string }): VNode {
  return (
    <>
      <Verdict tone="warn" words={m.probe.notMade} />
      <p class="advice">{capital(words)}</p>
    </>
  );
}
