// Another password for the user who is logged in.

import type { VNode } from "preact";
import { api } from "../api";
import { logIn, session } from "../login";
import { m } from "../words/language";
import { FormDialog } from "./form_dialog";

export function PasswordForm(): VNode {
  return (
    <FormDialog
      title={m.password.title}
      action={m.password.action}
      fields={[
        { name: "current", label: m.password.current, type: "password", required: true, autocomplete: "current-password" },
        { name: "new", label: m.password.next, type: "password", required: true, hint: m.password.nextHint },
      ]}
      run={async (values) => {
        await api.changePassword(values["current"] ?? "", values["new"] ?? "");
        // All sessions have ended, this one too. Where that is refused for now, the login view asks; the password is changed.
        await logIn(session.peek()?.user ?? "", values["new"] ?? "").catch(() => undefined);
        return null;
      }}
      done={m.password.done}
    />
  );
}
