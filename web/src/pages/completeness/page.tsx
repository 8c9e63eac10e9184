// How complete the recordings are: a heat map, a row for each stream and a cell for each day; below it the chosen day with its gaps.

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { api, serverNow } from "../../api";
import { titleOf } from "../../camera_words";
import { lastDays, levelOf, percentOf, shareOf, type Share } from "../../completeness";
import { Empty, Skeleton } from "../../components/empty";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { Search } from "../../components/search";
import { useTitle } from "../../components/title";
import { bounds } from "../../days";
import { dayWords, duration, zone } from "../../format";
import { cameraOf } from "../../model";
import { href } from "../../router";
import type { StreamCompleteness } from "../../types";
import { m } from "../../words/language";
import { DayOf } from "./day";

const REFRESH = 300_000;
const SPANS = [7, 30, 90] as const;

interface Line {
  row: StreamCompleteness;
  title: string;
  days: readonly (Share & { date: string })[];
}

function titleFor({ server, stream }: StreamCompleteness): string {
  const camera = cameraOf(server, stream);
  return camera === null ? stream : titleOf(camera);
}

export function CompletenessPage(): VNode {
  useTitle(m.completeness.title);
  const number = SPANS.find((one) => String(one) === query.value.get("days")) ?? 30;
  const { state, refresh } = usePolled(`completeness ${number}`, REFRESH, async (signal) => {
    const dates = lastDays(serverNow(), number);
    const from = bounds(dates[0] ?? "")[0];
    const { items } = await api.completeness({ from: new Date(from).toISOString() }, signal);
    return { items, dates };
  }, "completeness");
  const { answer, fault } = state.value;
  const filter = query.value.get("q") ?? "";
  const lines = useMemo(
    () =>
      (answer?.items ?? []).map((row): Line => ({ row, title: titleFor(row), days: (answer?.dates ?? []).map((date) => ({ date, ...shareOf(row, ...bounds(date)) })) })),
    [answer],
  );
  const words = filter.trim().toLowerCase().split(/\s+/);
  const shown = lines.filter(({ row, title }) => words.every((word) => `${title} ${row.stream} ${row.server}`.toLowerCase().includes(word)));
  return (
    <section class="page" aria-labelledby="completeness-title">
      <a class="back" href={href({ page: "recordings" })}>
        <Icon name="back" />
        {m.recordings.title}
      </a>
      <div class="headline">
        <div>
          <h1 id="completeness-title">{m.completeness.title}</h1>
          <p class="lead">{lines.length === 0 ? "" : sumWords(shown)}</p>
        </div>
      </div>
      <div class="tools">
        <Search label={m.recordings.filter} value={filter} change={(q) => writeQuery({ q })} />
        <div class="spans" role="group" aria-label={m.stream.span}>
          {SPANS.map((one) => (
            <button key={one} type="button" class="small" aria-pressed={one === number} onClick={() => writeQuery({ days: one === 30 ? null : String(one) })}>
              {m.completeness.days(one)}
            </button>
          ))}
        </div>
      </div>
      {fault === null ? null : (
        <p class="note" role="alert">
          {fault}{" "}
          <button type="button" class="small" onClick={refresh}>
            {m.recordings.again}
          </button>
        </p>
      )}
      {answer === null ? fault === null ? <div class="panel empty"><Skeleton label={m.completeness.loading} /></div> : null : <Map lines={shown} dates={answer.dates} all={lines.length} />}
      <Chosen lines={lines} />
    </section>
  );
}

function sumWords(lines: readonly Line[]): string {
  const sum = { expected: 0, missing: 0 };
  for (const { days } of lines) {
    for (const one of days) {
      sum.expected += one.expected;
      sum.missing += one.missing;
    }
  }
  const percent = percentOf(sum);
  return percent === null ? "" : m.completeness.sum(percent, duration(sum.expected), duration(sum.missing), zone());
}

const chosenOf = () => ({ server: query.value.get("server"), stream: query.value.get("stream"), date: query.value.get("day") });

function Map({ lines, dates, all }: { lines: readonly Line[]; dates: readonly string[]; all: number }): VNode {
  if (lines.length === 0) return <Empty title={all === 0 ? m.recordings.none : m.recordings.noMatch}>{all === 0 ? <p>{m.completeness.none}</p> : null}</Empty>;
  const chosen = chosenOf();
  return (
    <div class="panel heat-panel">
      <div class="heat-scroll" ref={newest}>
        <table class="heat">
          <caption class="unseen">{m.completeness.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{m.recordings.column.name}</th>
              {dates.map((date) => (
                <th key={date} scope="col" title={date} data-first={date.endsWith("-01") ? "" : undefined}>
                  <span class="unseen">{date}</span>
                  <span aria-hidden="true">{date.slice(8)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={follow}>
            {lines.map(({ row, title, days }) => {
              const isChosen = chosen.server === row.server && chosen.stream === row.stream;
              return (
                <tr key={`${row.server} ${row.stream}`}>
                  <th scope="row" title={row.stream}>
                    {title}
                  </th>
                  {days.map((one, index) => (
                    <Cell key={one.date} share={one} row={row} title={title} chosen={isChosen && chosen.date === one.date} focusable={isChosen ? chosen.date === one.date : index === days.length - 1} />
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Legend />
    </div>
  );
}

/** Where not all days have room, the newest ones are seen. */
function newest(element: HTMLElement | null): void {
  if (element !== null) element.scrollLeft = element.scrollWidth;
}

/** Arrow keys go from cell to cell. */
function follow(event: KeyboardEvent): void {
  const cell = (event.target as HTMLElement).closest("td");
  const line = cell?.parentElement;
  if (cell === null || line === null || line === undefined) return;
  const index = [...line.children].indexOf(cell);
  const next: Element | null | undefined = { ArrowLeft: cell.previousElementSibling, ArrowRight: cell.nextElementSibling, ArrowUp: line.previousElementSibling?.children[index], ArrowDown: line.nextElementSibling?.children[index] }[event.key];
  if (next === null || next === undefined) return;
  next.querySelector<HTMLElement>("button")?.focus();
  event.preventDefault();
}

function Cell({ share, row, title, chosen, focusable }: { share: Share & { date: string }; row: StreamCompleteness; title: string; chosen: boolean; focusable: boolean }): VNode {
  const percent = percentOf(share);
  const words = percent === null ? m.completeness.notExpected(title, share.date) : m.completeness.cell(title, share.date, percent, duration(share.missing), share.gaps.length);
  return (
    <td>
      <button type="button" data-level={levelOf(share)} aria-pressed={chosen} tabIndex={focusable ? 0 : -1} title={words} aria-label={words} onClick={() => writeQuery({ server: row.server, stream: row.stream, day: share.date })}>
        {percent === null ? "" : Math.floor(percent)}
      </button>
    </td>
  );
}

function Legend(): VNode {
  return (
    <ul class="heat-legend" aria-hidden="true">
      {(["whole", "high", "middle", "low", "nothing", "none"] as const).map((one) => (
        <li key={one}>
          <i data-level={one} />
          {m.completeness.levels[one]}
        </li>
      ))}
    </ul>
  );
}

function Chosen({ lines }: { lines: readonly Line[] }): VNode | null {
  const { server, stream, date } = chosenOf();
  const line = lines.find(({ row }) => row.server === server && row.stream === stream);
  const share = line?.days.find((one) => one.date === date);
  if (line === undefined || share === undefined) return null;
  return <DayOf key={`${server ?? ""} ${stream ?? ""} ${share.date}`} row={line.row} title={line.title} share={share} date={share.date} words={dayWords(share.date, serverNow())} />;
}
