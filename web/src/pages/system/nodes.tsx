// The processes that share this one's database and live store: who runs what, and who has gone silent since when.

import type { VNode } from "preact";
import { api, sentence } from "../../api";
import { Sign } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { dateTime } from "../../format";
import { Moment } from "../../components/moment";
import type { NodeItem } from "../../types";
import { lookOf } from "../../words/states";
import { m } from "../../words/language";
import { nodeLook, nodeWork } from "./node_words";

const EVERY = 5_000;

/** Nothing where this process is alone. */
export function Nodes(): VNode | null {
  const { state } = usePolled("nodes", EVERY, (signal) => api.nodes(signal));
  const { answer, fault } = state.value;
  if ((answer === null || answer.length < 2) && fault === null) return null;
  return (
    <section class="panel nodes" aria-labelledby="nodes-title">
      <h2 id="nodes-title">{m.system.nodes}</h2>
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {m.system.nodesUnreadable(sentence(fault))}
        </p>
      )}
      {answer === null ? null : (
        <table class="segments">
          <caption class="unseen">{m.system.nodes}</caption>
          <thead>
            <tr>
              <th scope="col">{m.system.node}</th>
              <th scope="col">{m.system.state}</th>
              <th scope="col">{m.system.roles}</th>
              <th scope="col">{m.system.work}</th>
              <th scope="col">{m.system.upSince}</th>
            </tr>
          </thead>
          <tbody>
            {answer.map((node) => (
              <Row key={node.name} node={node} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ node }: { node: NodeItem }): VNode {
  const look = lookOf(nodeLook, node.state);
  const [silent, started] = [node.silentSince ?? null, node.startedAt ?? null];
  return (
    <tr>
      <th scope="row">
        {node.name}
        {node.isThis ? ` (${m.system.thisOne})` : ""}
      </th>
      <td>
        <span class="badge" data-tone={look.tone}>
          <Sign kind={look.sign} />
          <span>{look.words}</span>
        </span>
        {silent === null ? null : <small> {m.system.silentSince(dateTime(silent))}</small>}
      </td>
      <td>{node.roles.join(", ")}</td>
      <td>{nodeWork(node)}</td>
      <td>{started === null ? "" : <Moment at={started} />}</td>
    </tr>
  );
}
