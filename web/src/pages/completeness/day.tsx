// One day of one stream: a bar with what is stored and what is not, and the gaps with their causes and the ways to the recording
// before and after them.

import type { VNode } from "preact";
import { dayScale, percentOf, type GapPart, type Share } from "../../completeness";
import { bothTimes, duration, timeOfDay } from "../../format";
import { href } from "../../router";
import { Headings } from "../../components/headings";
import type { StreamCompleteness } from "../../types";
import { m } from "../../words/language";

/** So many gaps are listed. */
const MOST = 200;
/** What is looked at before a gap begins, ms. */
const BEFORE = 10_000;

/** Causes that somebody chose, and those that are a fault of what is recorded; the others are red. */
const CALM: readonly GapPart["cause"][] = ["excused", "notEnabled", "retention"];
const SLIGHT: readonly GapPart["cause"][] = ["sourceSilent", "relayRestarting", "recorderRestarting", "overMaxConcurrent", "evictedBeforeUpload"];

const toneOf = (cause: GapPart["cause"]) => (CALM.includes(cause) ? "off" : SLIGHT.includes(cause) ? "warn" : "bad");

interface Props {
  row: StreamCompleteness;
  title: string;
  share: Share;
  date: string;
  words: string;
}

/** A gap of less than ten seconds to a tenth: none has no length. */
const lengthOf = (ms: number) => (ms < 10_000 ? `${Math.max(0.1, Math.round(ms / 100) / 10)} ${m.units.s}` : duration(ms));

function wayTo({ server, stream }: StreamCompleteness, at: number): string {
  return `${href({ page: "recording", server, name: stream, session: null })}?at=${encodeURIComponent(new Date(at).toISOString())}`;
}

export function DayOf({ row, title, share, date, words }: Props): VNode {
  const { from, to, ticks } = dayScale(date);
  const place = (at: number) => `${((at - from) / (to - from)) * 100}%`;
  const begin = Math.max(from, Date.parse(row.from));
  const end = Math.min(to, Date.parse(row.to));
  const percent = percentOf(share);
  const causeOf = (cause: GapPart["cause"]) => m.completeness.causes[cause] ?? cause;
  return (
    <section class="panel gap-day" aria-labelledby="gap-day-title">
      <h2 id="gap-day-title">
        {title}, {words}
      </h2>
      <p class="note">{percent === null ? m.completeness.nothingExpected : m.completeness.ofDay(percent, duration(share.expected), duration(share.missing))}</p>
      <div class="gap-bar" aria-hidden="true">
        {begin < end ? <i class="stored" style={{ left: place(begin), width: `${((end - begin) / (to - from)) * 100}%` }} /> : null}
        {share.gaps.map((gap) => (
          <i key={gap.from} data-tone={toneOf(gap.cause)} title={`${timeOfDay(gap.from)} – ${timeOfDay(gap.to)}: ${causeOf(gap.cause)}`} style={{ left: `min(100% - 3px, ${place(gap.from)})`, width: `max(3px, ${((gap.to - gap.from) / (to - from)) * 100}%)` }} />
        ))}
      </div>
      <div class="gap-ticks" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ left: place(tick) }}>
            {timeOfDay(tick).slice(0, 5)}
          </span>
        ))}
      </div>
      {share.gaps.length === 0 ? (
        <p>
          {percent === null ? null : <a href={wayTo(row, begin)}>{m.completeness.play}</a>}
        </p>
      ) : (
        <table class="segments gaps">
          <Headings of={Object.values(m.completeness.heads)} />
          <tbody>
            {share.gaps.slice(0, MOST).map((gap) => (
              <Gap key={gap.from} gap={gap} row={row} cause={causeOf(gap.cause)} />
            ))}
          </tbody>
        </table>
      )}
      {share.gaps.length > MOST ? <p class="note">{m.completeness.more(share.gaps.length - MOST)}</p> : null}
    </section>
  );
}

function Gap({ gap, row, cause }: { gap: GapPart; row: StreamCompleteness; cause: string }): VNode {
  const [from, to] = [timeOfDay(gap.from), timeOfDay(gap.to)];
  return (
    <tr>
      <td title={bothTimes(gap.from)}>{from}</td>
      <td title={bothTimes(gap.to)}>{to}</td>
      <td>{lengthOf(gap.to - gap.from)}</td>
      <td>
        <span class="badge" data-tone={toneOf(gap.cause)}>
          <span>{cause}</span>
        </span>
      </td>
      <td class="ways-to">
        {gap.from <= Date.parse(row.from) ? null : (
          <a href={wayTo(row, gap.from - BEFORE)} aria-label={m.completeness.beforeLabel(from)}>
            {m.completeness.before}
          </a>
        )}
        {gap.to >= Date.parse(row.to) ? null : (
          <a href={wayTo(row, gap.to)} aria-label={m.completeness.afterLabel(to)}>
            {m.completeness.after}
          </a>
        )}
      </td>
    </tr>
  );
}
