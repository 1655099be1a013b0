import type { SyncOutcome } from '../install/sync.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { print } from '../terminal/output.ts';
import {
  addInstallationOptions,
  connectTo,
  type InstallationOptions,
  installationOf,
  nameOthers,
} from './installation-options.ts';

interface SyncOptions extends InstallationOptions {
  dryRun?: boolean;
  force?: boolean;
}

/** What is said of a copy, and whether it is as it should be. */
const outcomes: Record<SyncOutcome, { text: string; isDone: boolean }> = {
  'up to date': { text: 'up to date', isDone: true },
  updated: { text: 'updated', isDone: true },
  'would be updated': { text: 'would be updated', isDone: true },
  'not ensured': { text: 'no injection ensures it there: left alone', isDone: true },
  changed: { text: 'was changed by somebody else: left alone (--force overwrites it)', isDone: false },
  immutable: { text: 'is immutable: delete it, and the next Pod gets a new one', isDone: false },
  'without source': { text: 'its source was not found', isDone: false },
};

export const sync = addInstallationOptions(createCommand('sync'))
  .summary('bring copied ConfigMaps up to date with their source')
  .description(
    `Brings every ConfigMap that the function has copied, and that an injection ensures still, up to date with its source in the function's namespace.
Pods see the new content within a minute or so, but for mounts with a subPath. A copy that somebody has changed since is
left alone, and the exit status is 1.`,
  )
  .option('--dry-run', 'show what would be done')
  .option('--force', 'overwrite copies that somebody has changed, too')
  .action(
    action(async (options: SyncOptions) => {
      const installation = installationOf(options);
      const { dryRun = false, force = false } = options;
      const { syncCopies } = await import('../install/sync.ts');
      const api = await connectTo(options);
      await nameOthers(api, installation);
      const seen: SyncOutcome[] = [];
      for await (const { namespace, name, outcome } of syncCopies(api, installation, { dryRun, force })) {
        print(`${namespace}/${name}: ${outcomes[outcome].text}`);
        seen.push(outcome);
      }
      if (seen.length === 0) print(`There are no copies of ConfigMaps of ${installation.namespace}.`);
      return seen.every((outcome) => outcomes[outcome].isDone) ? exitStatus.ok : exitStatus.failed;
    }),
  );
