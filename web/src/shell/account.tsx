// Who is logged in, with the ways out and to another password. Nothing where no login is asked for.

import type { VNode } from "preact";
import { command } from "../components/button";
import { openDialog } from "../components/dialog";
import { Icon } from "../components/icons";
import { later } from "../components/later";
import { logOut, session } from "../login";
import { loginWords, roleWords } from "../words/login";

const PasswordForm = later(async () => (await import("../dialogs/password_form")).PasswordForm);

export function Account(): VNode | null {
  const found = session.value;
  if (found === null || !found.loginRequired || found.user === null) return null;
  const role = found.role === null ? "" : roleWords[found.role];
  return (
    <span class="account">
      <button type="button" class="quiet who" aria-label={`${loginWords.account} ${found.user}, ${role}. ${loginWords.ownPassword}`} onClick={() => openDialog(<PasswordForm />)}>
        <Icon name="user" />
        <span class="name">{found.user}</span>
        <span class="role">{role}</span>
      </button>
      <button type="button" class="icon-button" aria-label={loginWords.logOut} title={loginWords.logOut} onClick={() => void command(logOut, null)}>
        <Icon name="leave" />
      </button>
    </span>
  );
}
