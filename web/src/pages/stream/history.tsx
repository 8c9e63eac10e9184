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
import type { BandPoint } from "../../history";
import type { Incident, MetricPoint } from "../../types";
import { m } from "../../words/language";
import { Band, Marks, type Mark } from "./below_chart";
import { broken } from "./gaps";
import { choose, fieldOf, goLive, momentsOf, moved, read, show, spans, widened, type Moments, type Span } from "./span";

const Chart = later(async () => (await import("../../components/chart")).Chart);
const BandChart = later(async () => (await import("../../components/band_chart")).BandChart);

/** Points that are asked for. */
const POINTS = 240;
/** Incidents that are shown at the chart, at most. */
const MARKS = 100;

/** What is measured beside the bitrate, where the server tells it. */
const METRICS = ["bitrateOut", "rtt", "lossRate", "linkCapacityMbps", "recvRateMbps"] as const;
type Metric = (typeof METRICS)[number];

const number = (unit: string) => (value: number) => `${Number(value.toFixed(value < 10 ? 2 : 1))} ${unit}`;
const formats: Record<Metric, (value: number) => string> = {
  bitrateOut: (value) => (value === 0 ? "0" : bitrate(value)),
  rtt: number("ms"),
  lossRate: number("%"),
  linkCapacityMbps: number("Mbit/s"),
  recvRateMbps: number("Mbit/s"),
};

const iso = ({ from, to }: Moments) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });

export function History({ server, name, camera }: { server: string; name: string; camera: number | null }): VNode {
  const span = read(query.value);
  const key = JSON.stringify([server, name, span]);
  const { state } = usePolled(key, span.every, async (signal) => {
    const moments = momentsOf(span, serverNow());
    const { items, gaps } = await api.history(server, name, { ...iso(moments), points: POINTS }, signal);
    return { items, lines: broken(items, gaps), ...moments };
  }, JSON.stringify([server, name]));
  const marks = useMarks(key, camera, span);
  const { answer, fault } = state.value;
  const note = fault !== null ? `${m.stream.unreadable} ${sentence(fault)}` : answer?.items.length === 0 ? m.stream.nothingSeen : null;
  const pan = (share: number) => show(moved(momentsOf(span, serverNow()), share, serverNow()));
  const out = () => (span.from === null ? undefined : goLive());
  return (
    <div class="panel graph">
      <div class="graph-head">
        <h2>{m.stream.bitrate}</h2>
        <Spans span={span} />
      </div>
      <Moves span={span} pan={pan} />
      {answer === null ? null : (
        <Chart
          samples={answer.lines}
          from={answer.from}
          to={answer.to}
          step={(answer.to - answer.from) / POINTS}
          zoom={(from, to) => show({ from, to })}
          out={out}
          pan={pan}
        >
          <Band samples={answer.items} from={answer.from} to={answer.to} />
          <Marks marks={marks} from={answer.from} to={answer.to} />
        </Chart>
      )}
      {answer === null ? null : <SampleNote from={answer.from} />}
      {note === null ? null : <p class="note">{note}</p>}
      <Measured server={server} name={name} span={span} out={out} />
    </div>
  );
}

function Spans({ span }: { span: Span }): VNode {
  return (
    <div class="spans" role="group" aria-label={m.stream.span}>
      {spans.map((one) => (
        <button key={one.key} type="button" class="small" aria-pressed={span.key === one.key} onClick={() => choose(one.key)}>
          {m.stream.spans[one.key]}
        </button>
      ))}
    </div>
  );
}

/** Earlier, later, wider, closer, and any two moments. */
function Moves({ span, pan }: { span: Span; pan: (share: number) => void }): VNode {
  const widen = (factor: number) => show(widened(momentsOf(span, serverNow()), factor, serverNow()));
  const shown = momentsOf(span, serverNow());
  return (
    <div class="zoomed">
      <div class="buttons" role="group" aria-label={m.stream.move}>
        <button type="button" class="small" aria-label={m.stream.earlier} title={m.stream.earlier} onClick={() => pan(-0.5)}>
          ‹
        </button>
        <button type="button" class="small" aria-label={m.stream.later} title={m.stream.later} disabled={span.from === null} onClick={() => pan(0.5)}>
          ›
        </button>
        <button type="button" class="small" aria-label={m.stream.closer} title={m.stream.closer} onClick={() => widen(0.5)}>
          +
        </button>
        <button type="button" class="small" aria-label={m.stream.wider} title={m.stream.wider} onClick={() => widen(2)}>
          −
        </button>
      </div>
      <details class="menu">
        <summary class="button small">{m.stream.range}</summary>
        <form
          class="menu-body"
          onSubmit={(event) => {
            event.preventDefault();
            const { elements } = event.currentTarget;
            const at = (name: string) => Date.parse((elements.namedItem(name) as HTMLInputElement).value);
            if (!(at("from") < at("to"))) return;
            show({ from: at("from"), to: at("to") });
            const menu = event.currentTarget.closest("details");
            if (menu !== null) menu.open = false;
          }}
        >
          {(["from", "to"] as const).map((one) => (
            <label key={one}>
              {m.stream[one]}
              <input key={fieldOf(Math.floor(shown[one] / 60_000) * 60_000)} name={one} type="datetime-local" step="1" required defaultValue={fieldOf(shown[one])} />
            </label>
          ))}
          <button type="submit" class="small primary">
            {m.stream.show}
          </button>
        </form>
      </details>
      {span.from === null ? (
        <span class="live-mode">{m.stream.followsNow}</span>
      ) : (
        <>
          <span>
            {dateTime(span.from)} – {dateTime(span.to ?? 0)}
          </span>
          <button type="button" class="small" onClick={goLive}>
            {m.stream.backToLive}
          </button>
        </>
      )}
    </div>
  );
}

/** The incidents of the stream's camera in this span. */
function useMarks(key: string, camera: number | null, span: Span): readonly Mark[] {
  const { state } = usePolled(`${key} ${camera ?? ""}`, 30_000, async (signal) =>
    camera === null ? { items: [] as Incident[] } : api.incidents({ camera, ...iso(momentsOf(span, serverNow())), limit: MARKS }, signal),
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

/** The points of one metric, where it was measured at all. */
export function pointsOf(items: readonly MetricPoint[], metric: string): BandPoint[] {
  return items.flatMap(({ at, values }) => {
    const found = values?.[metric];
    return found === undefined ? [] : [{ at, min: found.min, mean: found.mean, max: found.max }];
  });
}

function Measured({ server, name, span, out }: { server: string; name: string; span: Span; out: () => void }): VNode | null {
  const { state } = usePolled(JSON.stringify(["metrics", server, name, span]), Math.max(30_000, span.every), async (signal) => {
    const moments = momentsOf(span, serverNow());
    const { items } = await api.metrics(server, name, { ...iso(moments), points: POINTS, metrics: METRICS.join(",") }, signal);
    return { items, ...moments };
  }, JSON.stringify([server, name]));
  const { answer } = state.value;
  if (answer === null) return null;
  const measured = METRICS.map((metric) => ({ metric, points: pointsOf(answer.items, metric) })).filter(({ points }) => points.length > 0);
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
          zoom={(from, to) => show({ from, to })}
          out={out}
        />
      ))}
    </div>
  );
}
