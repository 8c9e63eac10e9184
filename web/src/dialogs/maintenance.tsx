// Excusing a camera or stream: until when, and why.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api, sentence } from "../api";
import { Waiting } from "../components/button";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { toast } from "../components/toast";
import { capital } from "../format";

/** What is excused: a camera with its stream, or a stream. */
export type Subject = { camera: number } | { server: string; name: string };

const HOUR = 3_600;
const lengths = [
  { label: "1 hour", seconds: HOUR },
  { label: "4 hours", seconds: 4 * HOUR },
  { label: "12 hours", seconds: 12 * HOUR },
  { label: "1 day", seconds: 24 * HOUR },
  { label: "3 days", seconds: 72 * HOUR },
  { label: "1 week", seconds: 168 * HOUR },
  { label: "30 days", seconds: 720 * HOUR },
];

export function openMaintenance(subject: Subject, title: string): void {
  openDialog(<MaintenanceForm subject={subject} title={title} />);
}

function MaintenanceForm({ subject, title }: { subject: Subject; title: string }): VNode {
  const [seconds, setSeconds] = useState(HOUR);
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await api.setMaintenance(subject, { forSeconds: seconds, reason: reason.trim() });
      toast(`${title} is in maintenance`);
      closeDialog();
    } catch (error) {
      setFault(capital(sentence(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Maintenance of ${title}`} kind="narrow" unsaved={() => reason.trim() !== ""}>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p>Until then it counts as no trouble and opens no incident. It goes on being pulled in and recorded.</p>
        <label class="remark">
          For
          <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            {lengths.map((one) => (
              <option key={one.seconds} value={one.seconds}>
                {one.label}
              </option>
            ))}
          </select>
        </label>
        <label class="remark">
          Reason
          <input type="text" data-focus maxLength={500} required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {fault === null ? null : (
          <p class="form-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          <button type="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy || reason.trim() === ""}>
            <Waiting busy={busy} />
            Start maintenance
          </button>
        </div>
      </form>
    </Dialog>
  );
}
