// How much of something is in use, as a bar with words; what was not measured has no bar.

import type { VNode } from "preact";
import { percent as words, toneOf, whyNot } from "../host_words";
import type { HostStatus } from "../types";

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
  { key: "user", label: "Programs", metric: "cpuUser" },
  { key: "system", label: "Kernel", metric: "cpuSystem" },
  { key: "steal", label: "Stolen", metric: "cpuSteal" },
  { key: "iowait", label: "Waits for disk", metric: "cpuIowait" },
] as const;

export function Cores({ host }: { host: HostStatus }): VNode {
  const { cpu, load, cores } = host;
  const details = [
    ...(cores === null ? [] : [`${cores} ${cores === 1 ? "core" : "cores"}`]),
    ...(load === null ? [] : [`load ${load.one.toFixed(2)}`]),
    ...(cpu !== null && cpu.steal >= 1 ? [`${words(cpu.steal)} stolen`] : []),
    ...(cpu !== null && cpu.iowait >= 1 ? [`${words(cpu.iowait)} wait for a disk`] : []),
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
        <div class="meter cores" role="img" aria-label={coreParts.map(({ key, label }) => `${label} ${words(cpu[key])}`).join(", ")}>
          {coreParts.map(({ key }) => (
            <i key={key} data-part={key} style={{ width: `${cpu[key]}%` }} />
          ))}
        </div>
      )}
      <small>{cpu === null ? whyNot(host, "cpu") : details.join(", ")}</small>
    </div>
  );
}
