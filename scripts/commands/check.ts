import { statSync } from 'node:fs';
import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { print, printError } from '../terminal/output.ts';
import { connectTo } from './installation-options.ts';

interface CheckOptions {
  context?: string;
}

export const check = createCommand('check')
  .summary('check files of injections, and kustomize overlays')
  .description(
    `Checks files of injections as the function does at its start. Prints each problem as
FILE:LINE:COLUMN: FIELD: PROBLEM, and warns of mounts that may surprise, and of selectors and names by which nothing is ever injected. Needs no cluster; with --context, the API
server judges them as well. Of a directory, an overlay such as manifests/examples/overlay, it says what was forgotten and
what has no effect; that needs kubectl.`,
  )
  .argument('<place...>', 'YAML or JSON, such as function/injections/injections.yaml, or the directory of an overlay')
  .option(
    '--context <name>',
    'kubeconfig context whose API server creates, on a dry run, a Pod with each injection: it shows what it would refuse',
  )
  .action(
    action(async (options: CheckOptions, { args: places }) => {
      const { ConfigurationError, readInjections } = await import('../../function/injections/load.ts');
      const { mountWarnings } = await import('../../function/injections/mount-warnings.ts');
      const { swallowedNames } = await import('../../function/injections/name-warnings.ts');
      const { contradictions } = await import('../../function/injections/selector-warnings.ts');
      const { platformNames } = await import('../install/unmatched-namespaces.ts');
      const { uncheckedSources } = await import('../../function/injections/volume.ts');
      const { podSecurityWarnings } = await import('../../function/injections/pod-security.ts');
      const warningsOf = (injection: Injection) =>
        [
          ...mountWarnings(injection),
          ...podSecurityWarnings(injection),
          ...swallowedNames(injection),
          ...contradictions(injection),
          ...platformNames(injection),
        ].map((warning) => `warning: injection ${injection.name}: ${warning}`);
      const api = options.context === undefined ? undefined : await connectTo(options);
      const isSound = async (file: string): Promise<boolean> => {
        try {
          const injections = readInjections(file);
          const { length } = injections;
          print(`${file}: ${length} injection${length === 1 ? '' : 's'}, no problem`);
          const calls = await remarksOnCalls(api, injections);
          const remarks = [...uncheckedSources(injections), ...injections.flatMap(warningsOf), ...calls];
          for (const line of remarks) print(`${file}: ${line}`);
          return api === undefined || (await isTaken(api, injections, file));
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          printError(error.message);
          return false;
        }
      };
      let areSound = true;
      for (const place of places) {
        const isOverlay = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
        areSound = (await (isOverlay ? isComplete(place) : isSound(place))) && areSound;
      }
      return areSound ? exitStatus.ok : exitStatus.failed;
    }),
  );

/** For what the API server would call the function for nothing: in how many namespaces, of a cluster that is known. */
async function remarksOnCalls(api: KubernetesApi | undefined, injections: readonly Injection[]): Promise<string[]> {
  const { globRemarks, needlessCalls } = await import('../install/needless-calls.ts');
  if (!api) return globRemarks(injections);
  const { webhookConfiguration } = await import('../install/webhook-configuration.ts');
  const { readNamespaces } = await import('../install/cluster-namespaces.ts');
  const namespaces = await readNamespaces(api);
  const { webhooks = [] } = webhookConfiguration({ name: '', url: 'https://HOST/mutate', caCert: '' }, injections);
  const { missingNamespaces } = await import('../install/unmatched-namespaces.ts');
  const names = namespaces.map(({ name }) => name);
  const missing = injections.flatMap((injection) =>
    missingNamespaces(injection, names).map((text) => `warning: injection ${injection.name}: ${text}`),
  );
  return [...needlessCalls(webhooks, injections, namespaces), ...missing];
}

/** Whether nothing was forgotten in an overlay; prints what was. */
async function isComplete(directory: string): Promise<boolean> {
  const { checkOverlay } = await import('../install/check-overlay.ts');
  const { problems, warnings } = await checkOverlay(directory);
  for (const problem of problems) printError(`${directory}: ${problem}`);
  if (problems.length === 0) print(`${directory}: an overlay, no problem`);
  for (const warning of warnings) print(`${directory}: warning: ${warning}`);
  return problems.length === 0;
}

/** Whether the API server takes the Pods of all injections; prints what it says otherwise. */
async function isTaken(api: KubernetesApi, injections: readonly Injection[], file: string): Promise<boolean> {
  const { dryRunInjections } = await import('../install/dry-run.ts');
  const { refusals, untried } = await dryRunInjections(api, injections, 'default');
  for (const { injection, namespace, message } of refusals) {
    printError(`${file}: injection ${injection}: the API server refuses its Pod in namespace ${namespace}: ${message}`);
  }
  for (const { injection, reason } of untried) printError(`${file}: injection ${injection}: not tried: ${reason}`);
  if (refusals.length === 0 && untried.length === 0) print(`${file}: ${api.server} takes each of them`);
  return refusals.length === 0;
}
