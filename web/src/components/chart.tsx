// The bitrate of one stream over a span of time, with its readers: drawn by uPlot. A pointer or the arrow keys read
// a value; a drag chooses a shorter span.

import uPlot from "uplot";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { axisTimes, bitrate } from "../format";
import { sampleWords } from "../stream_lines";
import type { Sample } from "../types";
import { m } from "../words/language";
import { axis, chosen, cursor, follow, LEFT, RIGHT, table, type Choice } from "./plot_options";
import { colour } from "./theme";

const HEIGHT = 250;

/** Room for the name of the right axis, px. */
const NAME = 16;

export interface ChartProps extends Choice {
  samples: readonly Sample[];
  /** The span that is shown, ms since the epoch. */
  from: number;
  to: number;
  /** Time between two samples as asked for, ms. */
  step: number;
  /** What stands below it, over the same span. */
  children: ComponentChildren;
}

function options(width: number, choice: { current: Choice }, point: (index: number | null) => void): uPlot.Options {
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [12, 8, 0, 0],
    cursor: { ...cursor(choice), sync: { key: "stream" } },
    scales: {
      x: { time: true },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
      readers: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.6))] },
    },
    axes: [
      { ...axis(), size: 30, values: (_, at) => axisTimes(at) },
      { ...axis(), size: LEFT, values: (_, values) => values.map((one) => (one === 0 ? "0" : bitrate(one))) },
      { ...axis(), scale: "readers", side: 1, size: RIGHT - 8 - NAME, label: m.streams.facts.readers, labelFont: "12px system-ui", labelSize: NAME, grid: { show: false }, values: (_, values) => values.map((one) => (Number.isInteger(one) ? String(one) : "")) },
    ],
    series: [
      {},
      { stroke: () => colour("--spark"), width: 1.6, fill: () => `color-mix(in srgb, ${colour("--spark")} 14%, transparent)`, spanGaps: false },
      { scale: "readers", stroke: () => colour("--ink-3"), width: 1, dash: [4, 4], spanGaps: false, points: { show: false } },
    ],
    hooks: { setCursor: [(chart) => point(chart.cursor.idx ?? null)], setSelect: [chosen(choice)] },
  };
}

export function Chart({ samples, from, to, step, zoom, out, pan, children }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [index, point] = useState<number | null>(null);
  const rows = table(samples, Math.max(95_000, step * 3));
  const choice = useRef<Choice>({ zoom, out, pan });
  choice.current = { zoom, out, pan };
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(element.clientWidth, choice, point), [[], [], []], element);
    chart.current = made;
    return follow(made, element, HEIGHT, choice);
  }, []);
  useEffect(() => {
    chart.current?.batch(() => {
      chart.current?.setData([rows.at, rows.bitrate, rows.readers], false);
      chart.current?.setScale("x", { min: from / 1000, max: to / 1000 });
    });
  }, [samples, from, to]);
  const sample = index === null ? undefined : rows.samples[index];
  const share = sample === undefined ? 0 : (Date.parse(sample.at) - from) / (to - from);
  const move = (steps: number) => {
    const last = rows.at.length - 1;
    if (last < 0) return;
    const next = Math.min(last, Math.max(0, (index ?? last) + steps));
    chart.current?.setCursor({ left: chart.current.valToPos(rows.at[next] ?? 0, "x"), top: 10 });
    point(next);
  };
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -1e6, End: 1e6 };
    const by = steps[event.key];
    if (event.key === "+" || event.key === "-") (event.key === "+" ? zoom : out)(from + (to - from) / 4, to - (to - from) / 4);
    else if (by === undefined) return;
    else if (event.shiftKey && Math.abs(by) === 1) pan(by / 4);
    else move(by);
    event.preventDefault();
  };
  return (
    <div class="chart">
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={m.stream.chart}
        aria-valuemin={Math.round(from)}
        aria-valuemax={Math.round(to)}
        aria-valuenow={sample === undefined ? Math.round(to) : Date.parse(sample.at)}
        aria-valuetext={sample === undefined ? m.stream.chartKeys : sampleWords(sample)}
        data-samples={samples.length}
        ref={place}
        onKeyDown={key}
      >
        {sample === undefined ? null : (
          <p class="reading" style={{ left: `${Math.min(82, Math.max(18, share * 100))}%` }}>
            {sampleWords(sample)}
          </p>
        )}
      </div>
      {children}
    </div>
  );
}
