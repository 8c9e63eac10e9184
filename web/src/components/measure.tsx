// How much of something is in use, as a bar with words; what was not measured has no bar.

import type { VNode } from "preact";
import { percent as words, toneOf, whyNot } from "../host_words";
import type { HostStatus } from "../types";
import { m } from "../words/language";

export function Measure({ title, percent, words: detail }: { title: string; percent: number | null; words: string }): VNode {
  return (
    <div class="measure">
      <p>
        <span>{title}</span>
        <b>{words(percent)}</b>
      </p>
      {percent === null ? <div class="meter none" /> : <meter class="unseen" min={0} max={100} value={percent} aria-label={title} />}
      {percent === null ? null : (
        <div class="meter" data-tone={toneOf(percent)} aria-hidden="true">
          <i style={{ width: `${Math.min(100, percent)}%` }} />
        </div>
      )}
      <small>{detail}</small>
    </div>
  );
}

/** What the cores do, in the order in which it is drawn. */
export const coreParts = [
  { key: "user", metric: "cpuUser" },
  { key: "system", metric: "cpuSystem" },
  { key: "steal", metric: "cpuSteal" },
  { key: "iowait", metric: "cpuIowait" },
] as const;

export function Cores({ host }: { host: HostStatus }): VNode {
  const { cpu, load, cores } = host;
  const details = [
    ...(cores === null ? [] : [m.hosts.cores(cores)]),
    ...(load === null ? [] : [m.hosts.load(load.one.toFixed(2))]),
    ...(cpu !== null && cpu.steal >= 1 ? [m.hosts.stolen(words(cpu.steal))] : []),
    ...(cpu !== null && cpu.iowait >= 1 ? [m.hosts.waits(words(cpu.iowait))] : []),
  ];
  return (
    <div class="measure">
      <p>
        <span>CPU</span>
        <b>{words(cpu?.busy)}</b>
      </p>
      {cpu === null ? (
        <div class="meter none" />
      ) : (
        <div class="meter cores" role="img" aria-label={coreParts.map(({ key }) => `${m.hosts.parts[key]} ${words(cpu[key])}`).join(", ")}>
          {coreParts.map(({ key }) => (
            <i key={key} data-part={key} style={{ width: `${cpu[key]}%` }} />
          ))}
        </div>
      )}
      <small>{cpu === null ? whyNot(host, "cpu") : details.join(", ")}</small>
    </div>
  );
}
