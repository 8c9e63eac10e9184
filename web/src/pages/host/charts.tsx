// The charts of a host, fetched with uPlot.

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { coreParts } from "../../components/measure";
import { TimeChart, type Line } from "../../components/time_chart";
import { bitrate, bytes } from "../../format";
import { percent } from "../../host_words";
import type { HostPoint } from "../../types";

/** What lies further apart is not joined, ms: buckets of a minute, or of what a point stands for. */
const APART = 150_000;

const colours = { user: "--busy", system: "--held", steal: "--bad", iowait: "--warn" } as const;

interface Columns {
  at: number[];
  of: (metric: string) => (number | null)[];
}

/** Columns of the points, with a hole where time is missing. */
function columns(items: readonly HostPoint[], from: number, to: number): Columns {
  const apart = Math.max(APART, ((to - from) / 240) * 3);
  const rows: (HostPoint | null)[] = [];
  const at: number[] = [];
  for (const item of items) {
    const time = Date.parse(item.at);
    const before = at.at(-1);
    if (before !== undefined && time - before > apart) {
      at.push(before + 1);
      rows.push(null);
    }
    at.push(time);
    rows.push(item);
  }
  return { at, of: (metric) => rows.map((row) => row?.values?.[metric]?.mean ?? null) };
}

/** Something of it was measured: else there is no chart, and the tables say why. */
function isKnown(lines: readonly Line[]): boolean {
  return lines.some((line) => line.values.some((value) => value !== null));
}

export function Charts({ items, from, to, memory }: { items: readonly HostPoint[]; from: number; to: number; memory: number | null }): VNode {
  const { at, cores, used, network, disk, traffic, own, ownMemory } = useMemo(() => {
    const { at, of } = columns(items, from, to);
    const line = (label: string, colour: string, metric: string): Line => ({ label, colour, values: of(metric) });
    return {
      at,
      cores: coreParts.map(({ key, label, metric }) => line(label, colours[key], metric)),
      used: [line("In use", "--spark", "memoryUsed")],
      network: [line("In", "--spark", "networkIn"), line("Out", "--good", "networkOut")],
      disk: [line("Fullest disk", "--spark", "diskUsed")],
      traffic: [line("Read", "--spark", "diskRead"), line("Written", "--good", "diskWrite")],
      own: [line("CPU of a core", "--spark", "mediamtxCpu")],
      ownMemory: [line("Memory", "--spark", "mediamtxRss")],
    };
  }, [items, from, to]);
  const span = { at, from, to };
  const perSecond = (value: number) => `${bytes(value)}/s`;
  return (
    <div class="time-charts">
      <TimeChart title="CPU" {...span} lines={cores} words={percent} stacked most={100} />
      <TimeChart title="Memory" {...span} lines={used} words={bytes} {...(memory === null ? {} : { most: memory })} />
      <TimeChart title="Network" {...span} lines={network} words={bitrate} />
      <TimeChart title="Disk space" {...span} lines={disk} words={percent} most={100} />
      <TimeChart title="Disk traffic" {...span} lines={traffic} words={perSecond} />
      {isKnown(own) ? <TimeChart title="MediaMTX CPU" {...span} lines={own} words={percent} /> : null}
      {isKnown(ownMemory) ? <TimeChart title="MediaMTX memory" {...span} lines={ownMemory} words={bytes} /> : null}
    </div>
  );
}
