// One number over time as least, mean and most: a value of the media server is of a moment, and what lies between two points
// is told by the band.

import uPlot from "uplot";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { axisTimes, dateTime } from "../format";
import type { BandPoint } from "../history";
import { axis, bandTable, chosen, cursor, follow, LEFT, RIGHT, type Choice } from "./plot_options";
import { colour } from "./theme";

const HEIGHT = 130;

export interface BandChartProps extends Choice {
  label: string;
  points: readonly BandPoint[];
  from: number;
  to: number;
  /** Time between two points as asked for, ms. */
  step: number;
  format: (value: number) => string;
}

function options(width: number, choice: { current: Choice }, format: (value: number) => string, point: (index: number | null) => void): uPlot.Options {
  const faint = () => `color-mix(in srgb, ${colour("--spark")} 35%, transparent)`;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, RIGHT, 0, 0],
    cursor: { ...cursor(choice), sync: { key: "stream" } },
    scales: { x: { time: true }, y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis(), size: 28, values: (_, at) => axisTimes(at) },
      { ...axis(), size: LEFT, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      { stroke: faint, width: 1, points: { show: false } },
      { stroke: faint, width: 1, points: { show: false } },
      { stroke: () => colour("--spark"), width: 1.6, points: { size: 5, fill: () => colour("--spark") } },
    ],
    bands: [{ series: [1, 2], fill: () => `color-mix(in srgb, ${colour("--spark")} 16%, transparent)` }],
    hooks: { setCursor: [(chart) => point(chart.cursor.idx ?? null)], setSelect: [chosen(choice)] },
  };
}

export function BandChart({ label, points, from, to, step, format, zoom, out, pan }: BandChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [index, point] = useState<number | null>(null);
  const choice = useRef<Choice>({ zoom, out, pan });
  choice.current = { zoom, out, pan };
  const rows = bandTable(points, Math.max(180_000, step * 3));
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(element.clientWidth, choice, format, point), [[], [], [], []], element);
    chart.current = made;
    return follow(made, element, HEIGHT, choice);
  }, []);
  useEffect(() => {
    chart.current?.batch(() => {
      chart.current?.setData([rows.at, rows.max, rows.min, rows.mean], false);
      chart.current?.setScale("x", { min: from / 1000, max: to / 1000 });
    });
  }, [points, from, to]);
  const shown = index ?? rows.at.length - 1;
  const [mean, least, most] = [rows.mean[shown], rows.min[shown], rows.max[shown]];
  const known = mean !== undefined && mean !== null;
  const words = !known ? "–" : least === most ? format(mean) : `${format(mean)} (${format(least ?? mean)} – ${format(most ?? mean)})`;
  return (
    <figure class="chart small-chart">
      <figcaption>
        <b>{label}</b> <span>{words}</span>
        {known && index !== null ? <small>{dateTime((rows.at[shown] ?? 0) * 1_000).slice(5, 16)}</small> : null}
      </figcaption>
      <div class="plot low" ref={place} aria-hidden="true" />
    </figure>
  );
}
