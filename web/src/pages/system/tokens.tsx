// Credentials of programs: made, shown once, revoked.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../api";
import { copyText } from "../../browser/clipboard";
import { closeDialog, confirmDialog, openDialog } from "../../components/dialog";
import { Icon } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { FormDialog } from "../../dialogs/form_dialog";
import { dateTime } from "../../format";
import type { Token } from "../../types";
import { tokenWords } from "../../words/logins_admin";
import { Listing } from "./listing";

const EVERY = 10_000;
const DAY = 86_400_000;

const lasts = [
  { value: "", label: "Until it is revoked" },
  { value: "1", label: "1 day" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
] as const;

export function Tokens(): VNode {
  const { state, refresh } = usePolled("tokens", EVERY, (signal) => api.tokens(signal));
  return (
    <>
      <div class="tools">
        <p class="lead">{tokenWords.lead}</p>
        <button type="button" class="primary" onClick={() => openDialog(<AddToken done={refresh} />)}>
          <Icon name="plus" />
          Add token
        </button>
      </div>
      <Listing
        what="tokens"
        state={state.value}
        headings={["Token", "May", "Expires", "Last used", "Added", "Actions"]}
        none={tokenWords.none}
        row={(token) => <Row key={`${token.name} ${token.createdAt}`} token={token} refresh={refresh} />}
      />
    </>
  );
}

function Row({ token, refresh }: { token: Token; refresh: () => void }): VNode {
  const { name, role, streamPrefix, createdAt, expiresAt, usedAt, readOnly } = token;
  return (
    <tr data-token={name}>
      <th scope="row">{name}</th>
      <td>{streamPrefix === null ? role : `read ${streamPrefix}…`}</td>
      <td>{expiresAt === null ? "never" : dateTime(expiresAt)}</td>
      <td>{usedAt === null ? "never" : dateTime(usedAt)}</td>
      <td>{createdAt === null ? tokenWords.configured : dateTime(createdAt)}</td>
      <td>
        {readOnly ? null : (
          <button type="button" class="small quiet" aria-label={`Revoke ${name}`} onClick={() => revoke(name, refresh)}>
            <Icon name="trash" />
            Revoke
          </button>
        )}
      </td>
    </tr>
  );
}

function revoke(name: string, refresh: () => void): void {
  confirmDialog({
    title: `Revoke ${name}?`,
    words: tokenWords.revoke,
    action: "Revoke token",
    run: async () => {
      await api.revokeToken(name);
      toast(`Revoked ${name}`);
      refresh();
    },
  });
}

function AddToken({ done }: { done: () => void }): VNode {
  return (
    <FormDialog
      title="Add a token"
      action="Add token"
      fields={[
        { name: "name", label: "Name", required: true, hint: tokenWords.nameHint },
        {
          name: "role",
          label: "Role",
          value: "viewer",
          choices: [
            { value: "viewer", label: "Viewer" },
            { value: "operator", label: "Operator" },
          ],
        },
        { name: "streamPrefix", label: "Only streams that begin with", hint: tokenWords.prefixHint },
        { name: "expiresAt", label: "Expires after", choices: lasts },
      ]}
      check={({ role, streamPrefix = "" }): Record<string, string> => (role === "operator" && streamPrefix.trim() !== "" ? { streamPrefix: tokenWords.prefixOfOperator } : {})}
      run={async ({ name = "", role, streamPrefix = "", expiresAt = "" }) => {
        const made = await api.addToken({
          name: name.trim(),
          role: role === "operator" ? "operator" : "viewer",
          streamPrefix: streamPrefix.trim() === "" ? null : streamPrefix.trim(),
          expiresAt: expiresAt === "" ? null : new Date(Date.now() + Number(expiresAt) * DAY).toISOString(),
        });
        done();
        return <Made name={made.name} token={made.token} />;
      }}
      done={null}
    />
  );
}

/** The only place where the token is shown. */
function Made({ name, token }: { name: string; token: string }): VNode {
  const [copied, setCopied] = useState(false);
  return (
    <div class="made-token">
      <p role="status">{tokenWords.once}</p>
      <output aria-label={`Token ${name}`}>{token}</output>
      <div class="actions">
        <button
          type="button"
          onClick={() => {
            void copyText(token).then((done) => {
              setCopied(done);
              toast(done ? "Copied" : "The browser does not allow copying: select the token", done ? "good" : "bad");
            });
          }}
        >
          <Icon name={copied ? "check" : "copy"} />
          Copy
        </button>
        <button type="button" class="primary" onClick={closeDialog}>
          Done
        </button>
      </div>
    </div>
  );
}
