// Who may log in with a password: added, given another role or password, removed.

import type { VNode } from "preact";
import { api } from "../../api";
import { command } from "../../components/button";
import { confirmDialog, openDialog } from "../../components/dialog";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { FormDialog } from "../../dialogs/form_dialog";
import { dateTime } from "../../format";
import { logIn, session } from "../../login";
import type { User, UserRole } from "../../types";
import { userWords } from "../../words/logins_admin";
import { Listing } from "./listing";

const EVERY = 10_000;
const roles: readonly { value: UserRole; label: string }[] = [
  { value: "viewer", label: "Viewer: looks" },
  { value: "operator", label: "Operator: changes, too" },
];

const roleOf = (word: string | undefined): UserRole => (word === "operator" ? "operator" : "viewer");

export function Users(): VNode {
  const { state, refresh } = usePolled("users", EVERY, (signal) => api.users(signal));
  const { answer } = state.value;
  const isFirst = session.value?.loginRequired === false;
  return (
    <>
      <div class="tools">
        <p class="lead">{isFirst ? userWords.nobody : userWords.lead}</p>
        <button type="button" class="primary" disabled={answer === null} onClick={() => openDialog(<AddUser first={isFirst} done={refresh} />)}>
          <Icon name="plus" />
          Add user
        </button>
      </div>
      <Listing
        what="users"
        state={state.value}
        headings={["User", "Role", "Added", "Actions"]}
        none={userWords.none}
        row={(user) => <Row key={user.name} user={user} refresh={refresh} />}
      />
    </>
  );
}

function Row({ user, refresh }: { user: User; refresh: () => void }): VNode {
  const { name, role, createdAt, readOnly } = user;
  const own = session.value?.user === name;
  const change = async (word: string) => {
    await command(() => api.editUser(name, { role: roleOf(word) }), `Changed the role of ${name}`);
    refresh();
  };
  return (
    <tr data-user={name}>
      <th scope="row">
        {name}
        {own ? <small>you</small> : null}
      </th>
      <td>
        {readOnly ? (
          role
        ) : (
          <select aria-label={`Role of ${name}`} value={role} onChange={(event) => void change(event.currentTarget.value)}>
            {roles.map(({ value }) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        )}
      </td>
      <td>{createdAt === null ? userWords.configured : dateTime(createdAt)}</td>
      <td>
        {readOnly ? null : (
          <div class="buttons">
            <button type="button" class="small quiet" aria-label={`New password for ${name}`} onClick={() => openDialog(<NewPassword name={name} own={own} />)}>
              <Icon name="key" />
              Password
            </button>
            <button type="button" class="small quiet" aria-label={`Remove ${name}`} onClick={() => remove(user, own, refresh)}>
              <Icon name="trash" />
              Remove
            </button>
          </div>
        )}
      </td>
    </tr>
  );
}

function remove({ name }: User, own: boolean, refresh: () => void): void {
  confirmDialog({
    title: `Remove ${name}?`,
    words: own ? userWords.removeOwn : userWords.remove,
    action: "Remove user",
    run: async () => {
      await api.removeUser(name);
      toast(`Removed ${name}`);
      refresh();
    },
  });
}

function AddUser({ first, done }: { first: boolean; done: () => void }): VNode {
  return (
    <FormDialog
      title={first ? "Add the first user" : "Add a user"}
      action="Add user"
      fields={[
        { name: "name", label: "Name", required: true, hint: userWords.nameHint },
        // Else nobody could change anything from the page any more.
        { name: "role", label: "Role", value: first ? "operator" : "viewer", choices: first ? roles.slice(1) : roles },
        { name: "password", label: "Password", type: "password", required: true, hint: userWords.passwordHint },
      ]}
      run={async ({ name = "", role, password = "" }) => {
        await api.addUser(name.trim(), roleOf(role), password);
        if (first) await logIn(name.trim(), password);
        done();
        return null;
      }}
      done={first ? userWords.firstAdded : "User added"}
    >
      {first ? <p class="warning">{userWords.first}</p> : null}
    </FormDialog>
  );
}

function NewPassword({ name, own }: { name: string; own: boolean }): VNode {
  return (
    <FormDialog
      title={`New password for ${name}`}
      action="Change password"
      fields={[{ name: "password", label: "New password", type: "password", required: true, hint: `${userWords.passwordHint} All sessions of ${name} end.` }]}
      run={async ({ password = "" }) => {
        await api.editUser(name, { password });
        if (own) await logIn(name, password);
        return null;
      }}
      done={`Changed the password of ${name}`}
    />
  );
}
