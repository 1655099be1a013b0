/** A second before the API server gives up, by its `?timeout=10s`, which is its default, too; it takes 1 to 30 s. */
export function deadlineOf(url: string): AbortSignal {
  const seconds = Number(/[?&]timeout=(\d+)s/.exec(url)?.[1] ?? 10);
  return AbortSignal.timeout(Math.max(500, Math.min(Math.max(seconds, 1), 30) * 1000 - 1000));
}
