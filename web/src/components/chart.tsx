// The bitrate of one stream over a span of time, with its readers: drawn by uPlot, and below it a band that shows when it was
// not live. A pointer or the arrow keys read a value; a drag chooses a shorter span.

import uPlot from "uplot";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { bitrate, dateTime, plural, timeOfDay } from "../format";
import { runsOf, table } from "../history";
import type { Sample } from "../types";
import { lookOf, streamLook } from "../words/states";

const HEIGHT = 250;

export interface ChartProps {
  samples: readonly Sample[];
  /** The span that is shown, ms since the epoch. */
  from: number;
  to: number;
  /** Time between two samples as asked for, ms. */
  step: number;
  /** A shorter span was chosen. */
  zoom: (from: number, to: number) => void;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(width: number, zoom: (from: number, to: number) => void, point: (index: number | null) => void): uPlot.Options {
  const axis = { stroke: () => colour("--ink-2"), font: "12px system-ui", grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } } satisfies uPlot.Axis;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [12, 8, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false }, dataIdx: undefined as never },
    scales: {
      x: { time: true },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
      readers: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.6))] },
    },
    axes: [
      { ...axis, size: 30, values: (_, at) => at.map((one) => timeOfDay(one * 1000).slice(0, 5)) },
      { ...axis, size: 84, values: (_, values) => values.map((one) => (one === 0 ? "0" : bitrate(one))) },
      { ...axis, scale: "readers", side: 1, size: 34, grid: { show: false }, values: (_, values) => values.map((one) => (Number.isInteger(one) ? String(one) : "")) },
    ],
    series: [
      {},
      { label: "Bitrate", stroke: () => colour("--spark"), width: 1.6, fill: () => `color-mix(in srgb, ${colour("--spark")} 14%, transparent)`, spanGaps: false },
      { label: "Readers", scale: "readers", stroke: () => colour("--ink-3"), width: 1, dash: [4, 4], spanGaps: false, points: { show: false } },
    ],
    hooks: {
      setCursor: [(chart) => point(chart.cursor.idx ?? null)],
      setSelect: [
        (chart) => {
          const { left, width: chosen } = chart.select;
          if (chosen < 4) return;
          zoom(chart.posToVal(left, "x") * 1000, chart.posToVal(left + chosen, "x") * 1000);
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function words(sample: Sample): string {
  // The coarser history knows figures and no states.
  const value = sample.state === "live" || sample.state === null ? bitrate(sample.bitrate) : lookOf(streamLook, sample.state).words;
  const readers = sample.readers === null ? [] : [plural(sample.readers, "reader")];
  return `${[value, ...readers].join(", ")} · ${dateTime(sample.at).slice(11)}`;
}

export function Chart({ samples, from, to, step, zoom }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [index, point] = useState<number | null>(null);
  const rows = table(samples, Math.max(15_000, step * 3));
  const zoomed = useRef(zoom);
  zoomed.current = zoom;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(element.clientWidth, (start, end) => zoomed.current(start, end), point), [[], [], []], element);
    chart.current = made;
    const sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizes.observe(element);
    const repaint = () => made.redraw(false);
    const themes = new MutationObserver(repaint);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", repaint);
    return () => {
      sizes.disconnect();
      themes.disconnect();
      system.removeEventListener("change", repaint);
      made.destroy();
    };
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
  return (
    <div class="chart">
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label="Bitrate over time"
        aria-valuemin={Math.round(from)}
        aria-valuemax={Math.round(to)}
        aria-valuenow={sample === undefined ? Math.round(to) : Date.parse(sample.at)}
        aria-valuetext={sample === undefined ? "arrow keys read a value" : words(sample)}
        data-samples={samples.length}
        ref={place}
        onKeyDown={(event) => {
          const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -1e6, End: 1e6 };
          const by = steps[event.key];
          if (by === undefined) return;
          event.preventDefault();
          move(by);
        }}
      >
        {sample === undefined ? null : (
          <p class="reading" style={{ left: `${Math.min(82, Math.max(18, share * 100))}%` }}>
            {words(sample)}
          </p>
        )}
      </div>
      <div class="band" aria-hidden="true">
        {runsOf(samples, from, to).map((run) => {
          const look = lookOf(streamLook, run.state ?? "unknown");
          const [start, end] = [(run.from - from) / (to - from), (run.to - from) / (to - from)];
          return (
            <i
              key={run.from}
              data-tone={look.tone}
              data-state={run.state}
              title={`${look.words} ${timeOfDay(run.from)} – ${timeOfDay(run.to)}`}
              style={{ left: `${start * 100}%`, width: `max(2px, ${(end - start) * 100}%)` }}
            />
          );
        })}
      </div>
    </div>
  );
}
