// Who is told of incidents: whether messages arrive there, and a message to try it.

import type { VNode } from "preact";
import { api } from "../../api";
import { CommandButton } from "../../components/button";
import { Moment } from "../../components/moment";
import { usePolled } from "../../components/polled";
import { dateTime } from "../../format";
import type { Receiver } from "../../types";
import { m } from "../../words/language";
import { Listing } from "./listing";

const EVERY = 5_000;

export function Receivers(): VNode {
  const { state, refresh } = usePolled("receivers", EVERY, (signal) => api.receivers(signal));
  const { heads } = m.receivers;
  return (
    <>
      <p class="lead">{m.receivers.lead}</p>
      <Listing
        what="receivers"
        state={state.value}
        headings={[heads.name, heads.to, heads.from, heads.waiting, heads.last, m.system.actions]}
        none={m.receivers.none}
        row={(one) => <Row key={one.name} receiver={one} refresh={refresh} />}
      />
    </>
  );
}

function Row({ receiver, refresh }: { receiver: Receiver; refresh: () => void }): VNode {
  const { name, kind, to, severity, waiting, delivered, refused, dropped } = receiver;
  const [last, failingSince, fault] = [receiver.deliveredAt ?? null, receiver.failingSince ?? null, receiver.fault ?? null];
  const test = async () => {
    await api.testReceiver(name);
    refresh();
  };
  return (
    <tr data-receiver={name}>
      <th scope="row">
        {name}
        <small>{kind}</small>
      </th>
      <td class="long">
        {to}
        {failingSince === null ? null : <small class="reason">{m.receivers.failing(dateTime(failingSince), fault ?? "")}</small>}
      </td>
      <td>{m.receivers.severities[severity] ?? severity}</td>
      <td>
        {waiting}
        {refused + dropped > 0 ? <small class="reason">{m.receivers.lost(refused + dropped)}</small> : null}
      </td>
      <td>
        {last === null ? m.system.never : <Moment at={last} />}
        <small>{m.receivers.delivered(delivered)}</small>
      </td>
      <td>
        <CommandButton label={m.receivers.testLabel(name)} kind="small quiet" run={test} done={m.receivers.tested(name)}>
          {m.receivers.test}
        </CommandButton>
      </td>
    </tr>
  );
}
