// Who is logged in, with the ways out and to another password. Nothing where no login is asked for.

import type { VNode } from "preact";
import { command } from "../components/button";
import { openDialog } from "../components/dialog";
import { Icon } from "../components/icons";
import { later } from "../components/later";
import { logOut, session } from "../login";
import { m } from "../words/language";

const PasswordForm = later(async () => (await import("../dialogs/password_form")).PasswordForm);

export function Account(): VNode | null {
  const found = session.value;
  if (found === null || !found.loginRequired || found.user === null) return null;
  const role = found.role === null ? "" : m.login.roles[found.role];
  return (
    <span class="account">
      <button type="button" class="quiet who" aria-label={`${m.login.account} ${found.user}, ${role}. ${m.login.ownPassword}`} onClick={() => openDialog(<PasswordForm />)}>
        <Icon name="user" />
        <span class="name">{found.user}</span>
        <span class="role">{role}</span>
      </button>
      <button type="button" class="icon-button" aria-label={m.login.logOut} title={m.login.logOut} onClick={() => void command(logOut, null)}>
        <Icon name="leave" />
      </button>
    </span>
  );
}
