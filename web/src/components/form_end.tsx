// The end of every form in a dialog: what is wrong with it, and its two buttons.

import type { VNode } from "preact";
import { m } from "../words/language";
import { Waiting } from "./button";
import { closeDialog } from "./dialog";

interface Props {
  /** What is wrong with the whole of it. */
  fault: string | null;
  /** It is on its way. */
  busy: boolean;
  /** It cannot be sent as it is. */
  unfit?: boolean;
  action: string;
}

export function FormEnd({ fault, busy, unfit, action }: Props): VNode {
  return (
    <>
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={closeDialog}>
          {m.shell.cancel}
        </button>
        <button type="submit" class="primary" disabled={busy || unfit === true}>
          <Waiting busy={busy} />
          {action}
        </button>
      </div>
    </>
  );
}
