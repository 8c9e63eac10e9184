// A change of the cameras that would stop too many of them: who, why, since when, and the button that confirms it. The
// server's own summary is for screen readers, which hear it once; the list says the same to the eye.

import "../../styles/blocked_change.css";
import type { VNode } from "preact";
import { api, Problem } from "../../api";
import { fullTitle } from "../../camera_words";
import { ForOperators } from "../../components/access";
import { confirmDialog } from "../../components/dialog";
import { Icon } from "../../components/icons";
import { toast } from "../../components/toast";
import { ago, timeOfDay } from "../../format";
import { actions, model, now } from "../../model";
import { m } from "../../words/language";
import type { BlockedChange, WouldStop } from "../../types";

/** Names that are shown before one asks for all. */
const FEW = 8;

function WouldStopList({ cameras }: { cameras: readonly WouldStop[] }): VNode {
  return (
    <ul class="would-stop">
      {cameras.map((one) => (
        <li key={one.id}>
          <b>{fullTitle(one)}</b> <span>{one.reason}</span>
        </li>
      ))}
    </ul>
  );
}

export function BlockedChangePanel(): VNode {
  const plan = model.value.plan?.blocked ?? null;
  return (
    <section class="blocked-change" aria-labelledby="blocked-title" hidden={plan === null}>
      <p class="unseen" role="status">
        {plan === null ? "" : m.cameras.blockedSummary(plan.summary)}
      </p>
      <div class="held-body">{plan === null ? null : <Held plan={plan} />}</div>
    </section>
  );
}

function Held({ plan }: { plan: BlockedChange }): VNode {
  const count = plan.wouldStop.length;
  const rest = plan.wouldStop.slice(FEW);
  return (
    <>
      <h2 id="blocked-title">
        <Icon name="warn" />
        {m.cameras.blocked}
      </h2>
      <p>
        {m.cameras.wouldStop(count, plan.running)}{" "}
        <span class="since">
          {m.cameras.blockedSince(ago(plan.since, now.value), timeOfDay(plan.since))}
        </span>
      </p>
      <p class="lead">{m.cameras.blockedLead}</p>
      <WouldStopList cameras={plan.wouldStop.slice(0, FEW)} />
      {rest.length === 0 ? null : (
        <details>
          <summary>{m.cameras.moreCameras(rest.length)}</summary>
          <WouldStopList cameras={rest} />
        </details>
      )}
      <ForOperators>
        <div class="buttons">
          <button type="button" class="danger" aria-label={m.cameras.stop(count)} onClick={() => confirm(plan)}>
            <Icon name="pause" />
            {m.cameras.stopThese(count)}
          </button>
        </div>
      </ForOperators>
    </>
  );
}

function confirm(plan: BlockedChange): void {
  const count = plan.wouldStop.length;
  confirmDialog({
    title: m.cameras.stopTitle(count),
    words: m.cameras.stopWords(count, plan.running),
    more: <WouldStopList cameras={plan.wouldStop} />,
    action: m.cameras.stop(count),
    run: async () => {
      try {
        await api.applyPlan(plan.id);
        toast(m.cameras.stopped(count));
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 409) throw error;
        // What was shown is not what would happen: it must be seen before it can be confirmed.
        toast(m.cameras.changedMeanwhile, "bad");
      } finally {
        await actions.askPlan();
      }
    },
  });
}
