// The charts of a host, fetched with uPlot.

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { coreParts } from "../../components/measure";
import type { Choice } from "../../components/plot_options";
import { TimeChart, type Line } from "../../components/time_chart";
import { bitrate, bytes } from "../../format";
import { percent } from "../../host_words";
import type { HostPoint } from "../../types";
import { m } from "../../words/language";
import { columns } from "./columns";

const colours = { user: "--busy", system: "--held", steal: "--bad", iowait: "--warn" } as const;

/** Something of it was measured: else there is no chart, and the tables say why. */
function isKnown(lines: readonly Line[]): boolean {
  return lines.some((line) => line.values.some((value) => value !== null));
}

interface ChartsProps {
  items: readonly HostPoint[];
  from: number;
  to: number;
  /** Bytes of memory there are. */
  memory: number | null;
  choice: Choice;
}

export function Charts({ items, from, to, memory, choice }: ChartsProps): VNode {
  const { at, cores, used, network, disk, traffic, own, ownMemory } = useMemo(() => {
    const { at, of } = columns(items);
    const words = m.hosts.lines;
    const line = (label: string, colour: string, metric: string): Line => ({ label, colour, values: of(metric) });
    return {
      at,
      cores: coreParts.map(({ key, metric }) => line(m.hosts.parts[key], colours[key], metric)),
      used: [line(words.used, "--spark", "memoryUsed")],
      network: [line(words.received, "--spark", "networkIn"), line(words.sent, "--good", "networkOut")],
      disk: [line(words.fullest, "--spark", "diskUsed")],
      traffic: [line(words.read, "--spark", "diskRead"), line(words.written, "--good", "diskWrite")],
      own: [line(words.core, "--spark", "mediamtxCpu")],
      ownMemory: [line(words.memory, "--spark", "mediamtxRss")],
    };
  }, [items]);
  const span = { at, from, to, ...choice };
  const perSecond = (value: number) => `${bytes(value)}/s`;
  return (
    <div class="time-charts">
      <TimeChart title={m.hosts.charts.cpu} {...span} lines={cores} words={percent} stacked most={100} />
      <TimeChart title={m.hosts.charts.memory} {...span} lines={used} words={bytes} {...(memory === null ? {} : { most: memory })} />
      <TimeChart title={m.hosts.charts.network} {...span} lines={network} words={bitrate} />
      <TimeChart title={m.hosts.charts.space} {...span} lines={disk} words={percent} most={100} />
      <TimeChart title={m.hosts.charts.traffic} {...span} lines={traffic} words={perSecond} />
      {isKnown(own) ? <TimeChart title={m.hosts.charts.own} {...span} lines={own} words={percent} /> : null}
      {isKnown(ownMemory) ? <TimeChart title={m.hosts.charts.ownMemory} {...span} lines={ownMemory} words={bytes} /> : null}
    </div>
  );
}
