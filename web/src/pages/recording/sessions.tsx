// Which days have recordings, and the sessions of the chosen day.

import type { VNode } from "preact";
import { serverNow } from "../../api";
import { Badge } from "../../components/badge";
import { toast } from "../../components/toast";
import { endOf, type Day } from "../../days";
import { bytes, dayWords, duration, timeOfDay } from "../../format";
import type { RecordingSession } from "../../types";
import { m } from "../../words/language";
import { recordingLook } from "../../words/states";

/** Days shown as buttons; older ones are reached by their date. */
const NEAR = 7;

export function DayPicker({ days, chosen, choose }: { days: readonly Day[]; chosen: string | null; choose: (date: string) => void }): VNode {
  const near = days.slice(0, NEAR);
  const far = days.find((one) => one.date === chosen && !near.includes(one));
  const other = (date: string) => {
    if (date === "") return;
    if (days.some((one) => one.date === date)) choose(date);
    else toast(m.recordings.nothingOn(dayWords(date, serverNow())), "bad");
  };
  return (
    <div class="day-picker">
      <div class="days" role="group" aria-label={m.recordings.days}>
        {[...near, ...(far === undefined ? [] : [far])].map(({ date }) => (
          <button key={date} type="button" class="small" aria-pressed={date === chosen} onClick={() => choose(date)}>
            {dayWords(date, serverNow())}
          </button>
        ))}
      </div>
      <input type="date" aria-label={m.recordings.otherDay} hidden={days.length <= NEAR} max={days[0]?.date} min={days[days.length - 1]?.date} onChange={(event) => other(event.currentTarget.value)} />
    </div>
  );
}

interface ListProps {
  sessions: readonly RecordingSession[];
  chosen: string | null;
  choose: (id: string) => void;
  now: number;
}

/** Newest first. */
export function SessionList({ sessions, chosen, choose, now }: ListProps): VNode {
  return (
    <ol class="sessions">
      {[...sessions].reverse().map((session) => {
        const live = session.endedAt === null;
        const why = live ? null : session.endReason;
        return (
          <li key={session.id}>
            <button type="button" aria-current={session.id === chosen ? "true" : undefined} onClick={() => choose(session.id)}>
              <span class="when">
                <span>{`${timeOfDay(session.startedAt)} – ${live ? m.recordings.now : timeOfDay(endOf(session, now))}`}</span>
                <b>{duration(live ? now - Date.parse(session.startedAt) : session.durationMs)}</b>
              </span>
              <small>{`${m.recordings.segmentCount(session.segments)}, ${bytes(session.bytes)}`}</small>
              {why === null ? null : <small>{m.recordings.ended(why)}</small>}
              {live ? <Badge looks={recordingLook} state="recording" /> : null}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
