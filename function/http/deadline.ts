/** A second before the API server gives up, by its `?timeout=10s`, which is its default, too. */
export function deadlineOf(url: string): AbortSignal {
  const seconds = Number(/[?&]timeout=(\d+)s/.exec(url)?.[1] ?? 10);
  return AbortSignal.timeout(Math.max(500, seconds * 1000 - 1000));
}
