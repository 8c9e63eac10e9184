// Locking a stretch of a recording: from when to when, and why.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api, sentence } from "../api";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { FormEnd } from "../components/form_end";
import { toast } from "../components/toast";
import { capital } from "../format";
import { fieldOf } from "../pages/stream/span";
import { m } from "../words/language";

interface Wanted {
  stream: string;
  title: string;
  /** What is offered at first, ms. */
  from: number;
  to: number;
  done: () => void;
}

export function openRecordingLock(wanted: Wanted): void {
  openDialog(<RecordingLockForm {...wanted} />);
}

function RecordingLockForm({ stream, title, from, to, done }: Wanted): VNode {
  const [span, setSpan] = useState({ from: fieldOf(from), to: fieldOf(to) });
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    const [begin, end] = [Date.parse(span.from), Date.parse(span.to)];
    if (!(begin < end)) return setFault(m.stretch.order);
    setBusy(true);
    try {
      await api.lock({ stream, from: new Date(begin).toISOString(), to: new Date(end).toISOString(), reason: reason.trim() });
      toast(m.stretch.isLocked(title));
      done();
      closeDialog();
    } catch (error) {
      setFault(capital(sentence(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={m.stretch.lockTitle(title)} kind="narrow" unsaved={() => reason.trim() !== ""}>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p>{m.stretch.lockWords}</p>
        {(["from", "to"] as const).map((one) => (
          <label key={one} class="remark">
            {m.stream[one]}
            <input type="datetime-local" step="1" required value={span[one]} onInput={(event) => setSpan({ ...span, [one]: event.currentTarget.value })} />
          </label>
        ))}
        <label class="remark">
          {m.incidents.reason}
          <input type="text" data-focus maxLength={500} required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <FormEnd fault={fault} busy={busy} unfit={reason.trim() === ""} action={m.stretch.lockDo} />
      </form>
    </Dialog>
  );
}
