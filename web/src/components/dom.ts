// Small helpers for what JSX leaves open.

/** A `data-` or `aria-` attribute that is there or not: `data-stale=""`. */
export function flag(on: boolean | null | undefined): "" | undefined {
  return on === true ? "" : undefined;
}
