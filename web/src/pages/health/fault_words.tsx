// Why a probe failed.

import type { VNode } from "preact";
import { capital, stop } from "../../format";

/** What kind of fault it is, unless the message begins with just that, and the message. */
export function FaultWords({ kind, message }: { kind: string; message: string }): VNode {
  const said = stop(capital(message));
  if (said.toLowerCase().startsWith(kind.toLowerCase())) return <>{said}</>;
  return (
    <>
      <b>{kind}</b> {said}
    </>
  );
}
