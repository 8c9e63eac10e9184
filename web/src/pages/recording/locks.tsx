// What of a session nobody may delete, why, who said so, and the way to lock more of it or to set it free.

import type { VNode } from "preact";
import { api, serverNow } from "../../api";
import { ForOperators } from "../../components/access";
import { CommandButton } from "../../components/button";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { endOf } from "../../days";
import { openRecordingLock } from "../../dialogs/recording_lock";
import { dateTime } from "../../format";
import type { RecordingLock, RecordingSession } from "../../types";
import { m } from "../../words/language";

/** How often it is asked what is locked, ms. */
const REFRESH = 30_000;

/** Those that touch a time, ms. */
export function touching(locks: readonly RecordingLock[], stream: string, from: number, to: number): RecordingLock[] {
  return locks.filter((one) => one.stream === stream && Date.parse(one.from) < to && Date.parse(one.to) > from);
}

export function Locks({ stream, session }: { stream: string; session: RecordingSession }): VNode {
  const { state, refresh } = usePolled("recording locks", REFRESH, (signal) => api.locks(signal).then((page) => page.items));
  const [from, to] = [Date.parse(session.startedAt), endOf(session, serverNow())];
  return (
    <div class="locks">
      {touching(state.value.answer ?? [], stream, from, to).map((lock) => (
        <p key={lock.id} class="maintenance-note">
          <span>{m.stretch.lockOf(dateTime(lock.from), dateTime(lock.to), lock.reason, lock.setBy)}</span>
          <ForOperators>
            <CommandButton label={m.stretch.unlock} run={() => api.unlock(lock.id).then(refresh)} done={m.stretch.unlocked}>
              {m.stretch.unlock}
            </CommandButton>
          </ForOperators>
        </p>
      ))}
      <ForOperators>
        <button type="button" class="small" onClick={() => openRecordingLock({ stream, title: stream, from, to, done: refresh })}>
          <Icon name="lock" />
          {m.stretch.lock}
        </button>
      </ForOperators>
    </div>
  );
}
