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
import { Moment } from "../../components/moment";
import type { Token } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 10_000;
const DAY = 86_400_000;

/** Days that a token may last; empty: until it is revoked. */
const lasts = ["", "1", "30", "90", "365"] as const;

export function Tokens(): VNode {
  const { state, refresh } = usePolled("tokens", EVERY, (signal) => api.tokens(signal));
  const { heads } = m.tokens;
  return (
    <>
      <div class="tools">
        <p class="lead">{m.tokens.lead}</p>
        <button type="button" class="primary" onClick={() => openDialog(<AddToken done={refresh} />)}>
          <Icon name="plus" />
          {m.tokens.add}
        </button>
      </div>
      <Listing
        what="tokens"
        state={state.value}
        headings={[heads.name, heads.may, heads.expires, m.system.lastUsed, m.system.added, m.system.actions]}
        none={m.tokens.none}
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
      <td>{streamPrefix === null ? m.login.roles[role] : m.tokens.reads(streamPrefix)}</td>
      <td>{expiresAt === null ? m.system.never : <Moment at={expiresAt} />}</td>
      <td>{usedAt === null ? m.system.never : <Moment at={usedAt} />}</td>
      <td>{createdAt === null ? m.system.configured : <Moment at={createdAt} />}</td>
      <td>
        {readOnly ? null : (
          <button type="button" class="small quiet" aria-label={m.tokens.revokeLabel(name)} onClick={() => revoke(name, refresh)}>
            <Icon name="trash" />
            {m.tokens.revoke}
          </button>
        )}
      </td>
    </tr>
  );
}

function revoke(name: string, refresh: () => void): void {
  confirmDialog({
    title: m.tokens.revokeTitle(name),
    words: m.tokens.revokeWords,
    action: m.tokens.revokeAction,
    run: async () => {
      await api.revokeToken(name);
      toast(m.tokens.revoked(name));
      refresh();
    },
  });
}

function AddToken({ done }: { done: () => void }): VNode {
  return (
    <FormDialog
      title={m.tokens.addTitle}
      action={m.tokens.add}
      fields={[
        { name: "name", label: m.tokens.name, required: true, hint: m.tokens.nameHint },
        {
          name: "role",
          label: m.tokens.role,
          value: "viewer",
          choices: (["viewer", "operator"] as const).map((value) => ({ value, label: m.tokens.roles[value] })),
        },
        { name: "streamPrefix", label: m.tokens.prefix, hint: m.tokens.prefixHint },
        { name: "expiresAt", label: m.tokens.expires, choices: lasts.map((value) => ({ value, label: m.tokens.lasts[value] })) },
      ]}
      check={({ role, streamPrefix = "" }): Record<string, string> => (role === "operator" && streamPrefix.trim() !== "" ? { streamPrefix: m.tokens.prefixOfOperator } : {})}
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
      <p role="status">{m.tokens.once}</p>
      <output aria-label={m.tokens.token(name)}>{token}</output>
      <div class="actions">
        <button
          type="button"
          onClick={() => {
            void copyText(token).then((done) => {
              setCopied(done);
              toast(done ? m.tokens.copied : m.tokens.notCopied, done ? "good" : "bad");
            });
          }}
        >
          <Icon name={copied ? "check" : "copy"} />
          {m.tokens.copy}
        </button>
        <button type="button" class="primary" onClick={closeDialog}>
          {m.tokens.done}
        </button>
      </div>
    </div>
  );
}
