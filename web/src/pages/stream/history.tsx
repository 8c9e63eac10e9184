// How a stream has been: the bitrate with its readers, and below it what else was measured, all over one span that one moves,
// widens and chooses.

import "uplot/dist/uPlot.min.css";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { query } from "../../address";
import { api, sentence, serverNow } from "../../api";
import { incidentWords } from "../../camera_words";
import { later } from "../../components/later";
import { usePolled } from "../../components/polled";
import { SampleNote } from "../../components/sample_note";
import { bitrate, dateTime } from "../../format";
import type { Incident } from "../../types";
import { m } from "../../words/language";
import { Band, Marks, type Mark } from "./below_chart";
import { broken, brokenPoints } from "./gaps";
import { Moves, Spans } from "./moves";
import { choiceOf, isoOf, momentsOf, read, type Span } from "./span";

const Chart = later(async () => (await import("../../components/chart")).Chart);
const BandChart = later(async () => (await import("../../components/band_chart")).BandChart);

/** Points that are asked for. */
const POINTS = 240;
/** Incidents that are shown at the chart, at most. */
const MARKS = 100;

/** What is measured beside the bitrate, where the server tells it. */
const METRICS = ["bitrateOut", "rtt", "lossRate", "retransmitRate", "linkCapacityMbps", "recvRateMbps"] as const;
type Metric = (typeof METRICS)[number];

const number = (unit: string) => (value: number) => `${Number(value.toFixed(value < 10 ? 2 : 1))} ${unit}`;
const formats: Record<Metric, (value: number) => string> = {
  bitrateOut: (value) => (value === 0 ? "0" : bitrate(value)),
  rtt: number("ms"),
  lossRate: number("%"),
  retransmitRate: number("/s"),
  linkCapacityMbps: number("Mbit/s"),
  recvRateMbps: number("Mbit/s"),
};

export function History({ server, name, camera }: { server: string; name: string; camera: number | null }): VNode {
  const span = read(query.value);
  const key = JSON.stringify([server, name, span]);
  const { state } = usePolled(key, span.every, async (signal) => {
    const moments = momentsOf(span, serverNow());
    const { items, gaps } = await api.history(server, name, { ...isoOf(moments), points: POINTS }, signal);
    return { items, gaps, lines: broken(items, gaps), ...moments };
  }, JSON.stringify([server, name]));
  const marks = useMarks(key, camera, span);
  const { answer, fault } = state.value;
  const note = fault !== null ? `${m.stream.unreadable} ${sentence(fault)}` : answer?.items.length === 0 ? m.stream.nothingSeen : null;
  const choice = choiceOf(span, serverNow);
  return (
    <div class="panel graph">
      <div class="graph-head">
        <h2>{m.stream.bitrate}</h2>
        <Spans span={span} />
      </div>
      <Moves span={span} />
      {answer === null ? null : (
        <Chart
          samples={answer.lines}
          from={answer.from}
          to={answer.to}
          step={(answer.to - answer.from) / POINTS}
          {...choice}
        >
          <Band samples={answer.items} gaps={answer.gaps} from={answer.from} to={answer.to} />
          <Marks marks={marks} from={answer.from} to={answer.to} />
        </Chart>
      )}
      {answer === null ? null : <SampleNote from={answer.from} />}
      {note === null ? null : <p class="note">{note}</p>}
      <Measured server={server} name={name} span={span} />
    </div>
  );
}

/** The incidents of the stream's camera in this span. */
function useMarks(key: string, camera: number | null, span: Span): readonly Mark[] {
  const { state } = usePolled(`${key} ${camera ?? ""}`, 30_000, async (signal) =>
    camera === null ? { items: [] as Incident[] } : api.incidents({ camera, ...isoOf(momentsOf(span, serverNow())), limit: MARKS }, signal),
  );
  const items = state.value.answer?.items ?? [];
  return useMemo(
    () =>
      items.map(({ id, openedAt, closedAt, kind, cause }) => {
        const end = closedAt === null ? "" : ` – ${dateTime(closedAt).slice(11)}`;
        return { key: id, from: Date.parse(openedAt), to: closedAt === null ? null : Date.parse(closedAt), words: `${incidentWords(kind)} ${dateTime(openedAt)}${end}: ${cause}` };
      }),
    [items],
  );
}

function Measured({ server, name, span }: { server: string; name: string; span: Span }): VNode | null {
  const { state } = usePolled(JSON.stringify(["metrics", server, name, span]), Math.max(30_000, span.every), async (signal) => {
    const moments = momentsOf(span, serverNow());
    const { items, gaps } = await api.metrics(server, name, { ...isoOf(moments), points: POINTS, metrics: METRICS.join(",") }, signal);
    return { items, gaps, ...moments };
  }, JSON.stringify([server, name]));
  const { answer } = state.value;
  if (answer === null) return null;
  const measured = METRICS.map((metric) => ({ metric, points: brokenPoints(answer.items, answer.gaps, metric) })).filter(({ points }) => points.length > 0);
  if (measured.length === 0) return <p class="note">{m.stream.nothingMeasured}</p>;
  return (
    <div class="measured">
      {measured.map(({ metric, points }) => (
        <BandChart
          key={metric}
          label={m.stream.metrics[metric]}
          points={points}
          from={answer.from}
          to={answer.to}
          step={(answer.to - answer.from) / POINTS}
          format={formats[metric]}
          {...choiceOf(span, serverNow)}
        />
      ))}
    </div>
  );
}
