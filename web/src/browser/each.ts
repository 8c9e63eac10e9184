// Doing the same to many things: one that fails holds up none of the others. Pure.

/** Those that failed, with what was thrown. */
export async function each<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<[T, unknown][]> {
  const failed: [T, unknown][] = [];
  for (const item of items) {
    try {
      await run(item);
    } catch (error) {
      failed.push([item, error]);
    }
  }
  return failed;
}
