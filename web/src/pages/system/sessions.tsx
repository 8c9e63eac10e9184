// Who is logged in where; each can be ended.

import type { VNode } from "preact";
import { api } from "../../api";
import { CommandButton } from "../../components/button";
import { usePolled } from "../../components/polled";
import { Icon } from "../../components/icons";
import { dateTime } from "../../format";
import { Moment } from "../../components/moment";
import type { OpenSession } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 5_000;

export function Sessions(): VNode {
  const { state, refresh } = usePolled("sessions", EVERY, (signal) => api.loginSessions(signal));
  const { heads } = m.loginSessions;
  return (
    <>
      <p class="lead">{m.loginSessions.lead}</p>
      <Listing
        what="sessions"
        state={state.value}
        headings={[heads.user, heads.from, heads.since, m.system.lastUsed, heads.ends, m.system.actions]}
        none={m.loginSessions.none}
        row={(one) => <Row key={one.id} session={one} refresh={refresh} />}
      />
    </>
  );
}

function Row({ session, refresh }: { session: OpenSession; refresh: () => void }): VNode {
  const { id, user, address, createdAt, usedAt, expiresAt, own } = session;
  const end = async () => {
    await api.endSession(id);
    refresh();
  };
  return (
    <tr data-session={id}>
      <th scope="row">
        {user}
        {own ? <small>{m.loginSessions.thisOne}</small> : null}
      </th>
      <td>{address}</td>
      <td><Moment at={createdAt} /></td>
      <td><Moment at={usedAt} /></td>
      <td><Moment at={expiresAt} /></td>
      <td>
        <CommandButton label={m.loginSessions.endLabel(user, address, dateTime(createdAt))} kind="small quiet" run={end} done={m.loginSessions.ended}>
          <Icon name="leave" />
          {m.loginSessions.end}
        </CommandButton>
      </td>
    </tr>
  );
}
