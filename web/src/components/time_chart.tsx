// Several numbers over time, as lines or one upon another, drawn by uPlot. A pointer reads the values of a moment; the words
// above the plot say them, and before that those of the last moment. A drag chooses a shorter span.

import uPlot from "uplot";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { axisTimes } from "../format";
import { m } from "../words/language";
import { Sampled } from "./sample_note";
import { axis, chosen, cursor, follow, type Choice } from "./plot_options";
import { colour } from "./theme";

const HEIGHT = 170;

export interface Line {
  label: string;
  /** Name of the colour. */
  colour: string;
  /** One value for each time; null where it is not known. */
  values: readonly (number | null)[];
}

interface TimeChartProps extends Choice {
  title: string;
  /** Times, ms. */
  at: readonly number[];
  from: number;
  to: number;
  lines: readonly Line[];
  words: (value: number) => string;
  /** One upon another. */
  stacked?: boolean;
  /** The upper end of the scale, where it is fixed. */
  most?: number;
}

/** Columns for uPlot: stacked ones are sums, the last one, which is the highest, drawn first. */
function columns({ at, lines, stacked }: TimeChartProps): uPlot.AlignedData {
  const sums: (number | null)[][] = [];
  for (const line of lines) {
    const below = sums.at(-1);
    sums.push(line.values.map((value, index) => (stacked !== true || below === undefined ? value : value === null ? null : value + (below[index] ?? 0))));
  }
  return [at.map((one) => one / 1000), ...sums.reverse()] as uPlot.AlignedData;
}

function options(props: TimeChartProps, choice: { current: Choice }, width: number, point: (index: number | null) => void): uPlot.Options {
  const series = [...props.lines].reverse().map((line): uPlot.Series => {
    const fill = props.stacked === true ? { fill: () => `color-mix(in srgb, ${colour(line.colour)} 45%, ${colour("--surface")})` } : {};
    return { label: line.label, stroke: () => colour(line.colour), width: 1.5, spanGaps: false, ...fill };
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [10, 8, 0, 0],
    cursor: { ...cursor(choice), sync: { key: "host" } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, props.most ?? (most > 0 ? most * 1.1 : 1)] } },
    axes: [
      { ...axis(), size: 28, values: (_, at) => axisTimes(at) },
      { ...axis(), size: 78, values: (_, values) => values.map((one) => (one === 0 ? "0" : props.words(one))) },
    ],
    series: [{}, ...series],
    hooks: { setCursor: [(chart) => point(chart.cursor.idx ?? null)], setSelect: [chosen(choice)] },
  };
}

export function TimeChart(props: TimeChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [index, point] = useState<number | null>(null);
  const { title, at, lines, from, to, words, zoom, out, pan } = props;
  const choice = useRef<Choice>({ zoom, out, pan });
  choice.current = { zoom, out, pan };
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(props, choice, element.clientWidth, point), [[], ...lines.map(() => [])] as uPlot.AlignedData, element);
    chart.current = made;
    return follow(made, element, HEIGHT, choice);
  }, [lines.length]);
  useEffect(() => {
    chart.current?.batch(() => {
      chart.current?.setData(columns(props), false);
      chart.current?.setScale("x", { min: from / 1000, max: to / 1000 });
    });
  }, [at, lines, from, to]);
  const last = at.length - 1;
  const shown = index === null || index > last ? last : index;
  const values = lines.map((line) => ({ ...line, value: line.values[shown] ?? null }));
  const say = values.map(({ label, value }) => `${label} ${value === null ? "–" : words(value)}`).join(", ");
  return (
    <figure class="time-chart" data-chart={title} data-points={at.length}>
      <figcaption>
        <h3>{title}</h3>
        <ul>
          {values.map(({ label, value, colour }) => (
            <li key={label} data-colour={colour}>
              <i aria-hidden="true" />
              {label} <b>{value === null ? "–" : words(value)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div class="plot-place">
        <div class="small-plot" role="img" aria-label={`${title}: ${at.length === 0 ? m.hosts.noneYet : say}`} ref={place} />
        <div class="plot-sample" aria-hidden="true">
          <Sampled from={from} to={to} />
        </div>
      </div>
    </figure>
  );
}
