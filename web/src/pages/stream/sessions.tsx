// Who publishes to a stream and who reads it; an operator can end a session.

import type { VNode } from "preact";
import { api } from "../../api";
import { confirmDialog } from "../../components/dialog";
import { Headings } from "../../components/headings";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { ago, bytes } from "../../format";
import { mayChange } from "../../login";
import { now } from "../../model";
import type { StreamSession } from "../../types";
import { m } from "../../words/language";
import { losses as lossesOf, protocolWords, whoWords } from "./session_words";

/** While somebody looks the server is asked at the rate of its polls. */
const EVERY = 2_000;

export function Sessions({ server, name }: { server: string; name: string }): VNode | null {
  const { state, refresh } = usePolled(JSON.stringify([server, name]), EVERY, (signal) => api.streamSessions(server, name, signal));
  const { answer, fault, none } = state.value;
  if (none) return null;
  const { role, by, from, time, received, sent, losses, action } = m.sessions.heads;
  const headings = [role, by, from, time, received, sent, losses];
  const wrong = fault ?? answer?.fault ?? null;
  return (
    <section class="panel sessions-panel" aria-labelledby="sessions-title">
      <h2 id="sessions-title">{m.sessions.title}</h2>
      {wrong === null ? null : <p class="note">{m.sessions.unreadable(wrong)}</p>}
      {answer === null ? null : (
        <>
          {answer.items.length === 0 && answer.at !== null ? <p class="note">{m.sessions.nobody}</p> : null}
          {answer.items.length === 0 ? null : (
            <div class="scroll">
              <table class="session-table as-cards">
                <Headings of={headings}>
                  <th scope="col">
                    <span class="unseen">{action}</span>
                  </th>
                </Headings>
                <tbody>
                  {answer.items.map((one) => (
                    <Row key={`${one.protocol} ${one.id}`} session={one} kick={() => kick(server, name, one, refresh)} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {answer.notKnown.length === 0 || answer.at === null ? null : <p class="note">{m.sessions.notListed(answer.notKnown.map(protocolWords).join(", "))}</p>}
        </>
      )}
    </section>
  );
}

function kick(server: string, name: string, session: StreamSession, done: () => void): void {
  confirmDialog({
    title: session.state === "publish" ? m.sessions.endPublisher : m.sessions.endReader,
    words: m.sessions.endWords(protocolWords(session.protocol), whoWords(session)),
    action: m.sessions.endAction,
    run: async () => {
      await api.kick(server, name, session.id);
      toast(m.sessions.ended);
      done();
    },
  });
}

function Row({ session, kick }: { session: StreamSession; kick: () => void }): VNode {
  const { state, protocol, transport = null, since = null, bytesReceived = null, bytesSent = null, userAgent = null } = session;
  const numbers = lossesOf(session);
  return (
    <tr data-session={session.id} data-role={state}>
      <td>{state === "publish" ? m.sessions.publisher : m.sessions.reader}</td>
      <td>
        {protocolWords(protocol)}
        {transport === null ? "" : ` (${transport})`}
      </td>
      <td title={userAgent ?? undefined}>{whoWords(session)}</td>
      <td>{since === null ? m.sessions.notKnown : ago(since, now.value)}</td>
      <td>{bytesReceived === null ? m.sessions.notKnown : bytes(bytesReceived)}</td>
      <td>{bytesSent === null ? m.sessions.notKnown : bytes(bytesSent)}</td>
      <td>{numbers === "" ? m.sessions.notKnown : numbers}</td>
      <td>
        {session.canBeKicked && mayChange.value ? (
          <button type="button" class="small quiet" aria-label={m.sessions.endLabel(whoWords(session))} onClick={kick}>
            {m.sessions.end}
          </button>
        ) : null}
      </td>
    </tr>
  );
}

