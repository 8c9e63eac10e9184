// Who is logged in where; each can be ended.

import type { VNode } from "preact";
import { api } from "../../api";
import { CommandButton } from "../../components/button";
import { usePolled } from "../../components/polled";
import { Icon } from "../../components/icons";
import { dateTime } from "../../format";
import type { OpenSession } from "../../types";
import { sessionWords } from "../../words/logins_admin";
import { Listing } from "./listing";

const EVERY = 5_000;

export function Sessions(): VNode {
  const { state, refresh } = usePolled("sessions", EVERY, (signal) => api.loginSessions(signal));
  return (
    <>
      <p class="lead">{sessionWords.lead}</p>
      <Listing
        what="sessions"
        state={state.value}
        headings={["User", "From", "Since", "Last used", "Ends", "Actions"]}
        none={sessionWords.none}
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
        {own ? <small>this one</small> : null}
      </th>
      <td>{address}</td>
      <td>{dateTime(createdAt)}</td>
      <td>{dateTime(usedAt)}</td>
      <td>{dateTime(expiresAt)}</td>
      <td>
        <CommandButton label={`End the session of ${user}, ${address}, since ${dateTime(createdAt)}`} kind="small quiet" run={end} done={sessionWords.ended}>
          <Icon name="leave" />
          End
        </CommandButton>
      </td>
    </tr>
  );
}
