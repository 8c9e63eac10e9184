// Who publishes to a stream and who reads it; an operator can end a session.

import type { VNode } from "preact";
import { api } from "../../api";
import { confirmDialog } from "../../components/dialog";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { ago, bytes } from "../../format";
import { now } from "../../model";
import type { StreamSession } from "../../types";
import { losses, protocolWords, whoWords } from "./session_words";

/** While somebody looks the server is asked at the rate of its polls. */
const EVERY = 2_000;

export function Sessions({ server, name }: { server: string; name: string }): VNode | null {
  const { state, refresh } = usePolled(JSON.stringify([server, name]), EVERY, (signal) => api.streamSessions(server, name, signal));
  const { answer, fault, none } = state.value;
  if (none) return null;
  const wrong = fault ?? answer?.fault ?? null;
  return (
    <section class="panel sessions-panel" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Sessions</h2>
      {wrong === null ? null : <p class="note">The sessions cannot be read: {wrong}</p>}
      {answer === null ? null : (
        <>
          {answer.items.length === 0 && answer.at !== null ? <p class="note">Nobody publishes, nobody reads.</p> : null}
          {answer.items.length === 0 ? null : (
            <div class="scroll">
              <table class="sessions">
                <thead>
                  <tr>
                    {["Role", "By", "From", "For", "Received", "Sent", "Losses", "Action"].map((title) => (
                      <th key={title} scope="col">
                        {title === "Action" ? <span class="unseen">{title}</span> : title}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {answer.items.map((one) => (
                    <Row key={`${one.protocol} ${one.id}`} session={one} kick={() => kick(server, name, one, refresh)} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {answer.notKnown.length === 0 || answer.at === null ? null : <p class="note">Not known: {answer.notKnown.map(protocolWords).join(", ")}. The media server has no list of these.</p>}
        </>
      )}
    </section>
  );
}

function kick(server: string, name: string, session: StreamSession, done: () => void): void {
  confirmDialog({
    title: session.state === "publish" ? "End the publisher?" : "End this reader?",
    words: `${protocolWords(session.protocol)} from ${whoWords(session)}. Its program may connect again at once.`,
    action: "End session",
    run: async () => {
      await api.kick(server, name, session.id);
      toast("Session ended");
      done();
    },
  });
}

function Row({ session, kick }: { session: StreamSession; kick: () => void }): VNode {
  const { state, protocol, transport = null, since = null, bytesReceived = null, bytesSent = null, userAgent = null } = session;
  const numbers = losses(session);
  return (
    <tr data-session={session.id} data-role={state}>
      <td>{state === "publish" ? "Publisher" : "Reader"}</td>
      <td>
        {protocolWords(protocol)}
        {transport === null ? "" : ` (${transport})`}
      </td>
      <td title={userAgent ?? undefined}>{whoWords(session)}</td>
      <td>{since === null ? "not known" : ago(since, now.value)}</td>
      <td>{bytesReceived === null ? "not known" : bytes(bytesReceived)}</td>
      <td>{bytesSent === null ? "not known" : bytes(bytesSent)}</td>
      <td>{numbers === "" ? "not known" : numbers}</td>
      <td>
        {session.canBeKicked ? (
          <button type="button" class="small quiet" aria-label={`End the session from ${whoWords(session)}`} onClick={kick}>
            End
          </button>
        ) : null}
      </td>
    </tr>
  );
}

