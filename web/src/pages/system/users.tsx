// Who may log in with a password: added, given another role or password, removed.

import type { VNode } from "preact";
import { api } from "../../api";
import { command } from "../../components/button";
import { confirmDialog, openDialog } from "../../components/dialog";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { FormDialog } from "../../dialogs/form_dialog";
import { Moment } from "../../components/moment";
import { logIn, session } from "../../login";
import type { User, UserRole } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 10_000;
const roles = ["viewer", "operator"] as const;

const roleOf = (word: string | undefined): UserRole => (word === "operator" ? "operator" : "viewer");

export function Users(): VNode {
  const { state, refresh } = usePolled("users", EVERY, (signal) => api.users(signal));
  const { answer } = state.value;
  const isFirst = session.value?.loginRequired === false;
  return (
    <>
      <div class="tools">
        <p class="lead">{isFirst ? m.users.nobody : m.users.lead}</p>
        <button type="button" class="primary" disabled={answer === null} onClick={() => openDialog(<AddUser first={isFirst} done={refresh} />)}>
          <Icon name="plus" />
          {m.users.add}
        </button>
      </div>
      <Listing
        what="users"
        state={state.value}
        headings={[m.users.user, m.users.role, m.system.added, m.system.actions]}
        none={m.users.none}
        row={(user) => <Row key={user.name} user={user} refresh={refresh} />}
      />
    </>
  );
}

function Row({ user, refresh }: { user: User; refresh: () => void }): VNode {
  const { name, role, createdAt, readOnly } = user;
  const own = session.value?.user === name;
  const change = async (word: string) => {
    await command(() => api.editUser(name, { role: roleOf(word) }), m.users.roleChanged(name));
    refresh();
  };
  return (
    <tr data-user={name}>
      <th scope="row">
        {name}
        {own ? <small>{m.users.you}</small> : null}
      </th>
      <td>
        {readOnly ? (
          m.login.roles[role]
        ) : (
          <select aria-label={m.users.roleOf(name)} value={role} onChange={(event) => void change(event.currentTarget.value)}>
            {roles.map((value) => (
              <option key={value} value={value}>
                {m.login.roles[value]}
              </option>
            ))}
          </select>
        )}
      </td>
      <td>{createdAt === null ? m.system.configured : <Moment at={createdAt} />}</td>
      <td>
        {readOnly ? null : (
          <div class="buttons">
            <button type="button" class="small quiet" aria-label={m.users.passwordFor(name)} onClick={() => openDialog(<NewPassword name={name} own={own} />)}>
              <Icon name="key" />
              {m.users.password}
            </button>
            <button type="button" class="small quiet" aria-label={m.users.removeLabel(name)} onClick={() => remove(user, own, refresh)}>
              <Icon name="trash" />
              {m.users.remove}
            </button>
          </div>
        )}
      </td>
    </tr>
  );
}

function remove({ name }: User, own: boolean, refresh: () => void): void {
  confirmDialog({
    title: m.users.removeTitle(name),
    words: own ? m.users.removeOwn : m.users.removeWords,
    action: m.users.removeAction,
    run: async () => {
      await api.removeUser(name);
      toast(m.users.removed(name));
      refresh();
    },
  });
}

function AddUser({ first, done }: { first: boolean; done: () => void }): VNode {
  return (
    <FormDialog
      title={first ? m.users.addFirst : m.users.addTitle}
      action={m.users.add}
      fields={[
        { name: "name", label: m.users.name, required: true, hint: m.users.nameHint },
        // Else nobody could change anything from the page any more.
        { name: "role", label: m.users.role, value: first ? "operator" : "viewer", choices: roles.slice(first ? 1 : 0).map((value) => ({ value, label: m.users.roles[value] })) },
        { name: "password", label: m.users.password, type: "password", required: true, hint: m.users.passwordHint },
      ]}
      run={async ({ name = "", role, password = "" }) => {
        await api.addUser(name.trim(), roleOf(role), password);
        if (first) await logIn(name.trim(), password);
        done();
        return null;
      }}
      done={first ? m.users.firstAdded : m.users.addedUser}
    >
      {first ? <p class="warning">{m.users.first}</p> : null}
    </FormDialog>
  );
}

function NewPassword({ name, own }: { name: string; own: boolean }): VNode {
  return (
    <FormDialog
      title={m.users.passwordFor(name)}
      action={m.users.changePassword}
      fields={[{ name: "password", label: m.users.newPassword, type: "password", required: true, hint: m.users.endsSessions(name) }]}
      run={async ({ password = "" }) => {
        await api.editUser(name, { password });
        if (own) await logIn(name, password);
        return null;
      }}
      done={m.users.passwordChanged(name)}
    />
  );
}
