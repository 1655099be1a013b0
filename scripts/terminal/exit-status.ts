/** The exit statuses that every command has; `outputClosed` is that of SIGPIPE: whoever reads the output has gone. */
export const exitStatus = {
  ok: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  denied: 4,
  noCluster: 75,
  outputClosed: 141,
} as const;

/** What each exit status means, for the help; the README has the same table. */
export const exitStatusHelp = `Exit status:
  0      all is well, or done
  1      something failed or is broken; the output says what
  2      usage error: the message names the argument or option
  3      nothing failed, but not all of it could be done: doctor lacks permissions, demo has no API server, inject has
         skipped something
  4      inject: a Pod would be denied
  75     cluster: this machine cannot bring one up; the output says what is missing
  128+n  ended by signal n, such as 130 by Ctrl-C`;

/** A usage error that only shows once a command runs, which ends with 2. The message names the option and the fix. */
export class UsageError extends Error {
  override name = 'UsageError';
}
