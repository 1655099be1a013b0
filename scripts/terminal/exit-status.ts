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

/** Those that not every command has. */
const own: Readonly<Record<string, readonly [status: number, meaning: string][]>> = {
  demo: [[exitStatus.incomplete, 'there is no API server to be had']],
  doctor: [[exitStatus.incomplete, 'nothing is broken, but permissions are missing to check all of it']],
  inject: [
    [exitStatus.incomplete, 'something was skipped'],
    [exitStatus.denied, 'a Pod would be denied'],
  ],
  cluster: [[exitStatus.noCluster, 'this machine cannot bring one up; the output says what is missing']],
};

/** What each exit status of a command means, for its help; without one, those of all. The README has the same table. */
export function exitStatusHelp(command?: string): string {
  const all = Object.entries(own)
    .flatMap(([name, rows]) => rows.map(([status, meaning]) => [status, `${name}: ${meaning}`] as const))
    .sort(([one], [other]) => one - other);
  const rows = [
    [exitStatus.ok, 'all is well, or done'],
    [exitStatus.failed, 'something failed or is broken; the output says what'],
    [exitStatus.usage, 'usage error: the message names the argument or option'],
    ...(command === undefined ? all : (own[command] ?? [])),
    ['128+n', 'ended by signal n, such as 130 by Ctrl-C'],
  ];
  return ['Exit status:', ...rows.map(([status, meaning]) => `  ${String(status).padEnd(7)}${meaning}`)].join('\n');
}

/** A usage error that only shows once a command runs, which ends with 2. The message names the option and the fix. */
export class UsageError extends Error {
  override name = 'UsageError';
}
