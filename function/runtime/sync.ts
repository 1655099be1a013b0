import { isEnsured, type Namespace } from '../copies/namespaces.ts';
import { log } from '../http/log.ts';
import { defaultInjections } from '../injections/default-injections.ts';
import { readInjections } from '../injections/load.ts';
import { ensuredConfigMaps } from '../review/injection.ts';

/**
 * Brings the copies of ConfigMaps up to date where an injection ensures them, as the CronJob of manifests/components/sync
 * does every now and then, so that a rotated CA reaches namespaces where no Pod is born. Logs each that it has updated, and
 * each that it must not: a copy that is immutable, or that somebody has changed. Sets the exit status to 1 where something
 * failed.
 */
export async function sync(): Promise<void> {
  const { INJECTIONS: file } = process.env;
  const injections = file ? readInjections(file) : defaultInjections;
  const names = ensuredConfigMaps(injections);
  const fail = (configMap: string, { message }: Error) => {
    process.exitCode = 1;
    log('ERROR', message, { configMap });
  };
  const { connectToCluster } = await import('../copies/config-maps.ts');
  const cluster = connectToCluster(process.env, 'sync');
  for (const configMap of names) {
    try {
      const isEnsuredIn = (namespace: Namespace) => isEnsured(configMap, namespace, injections);
      for await (const { namespace, outcome } of cluster.syncConfigMap(configMap, isEnsuredIn)) {
        if (outcome instanceof Error) fail(configMap, outcome);
        else if (outcome !== 'up to date') log(severityOf[outcome], outcome, { configMap, namespace });
      }
    } catch (error) {
      fail(configMap, error as Error);
    }
  }
  log('INFO', 'synced', { configMaps: names });
}

const severityOf = { updated: 'INFO', changed: 'WARNING', immutable: 'WARNING', 'out of date': 'WARNING' } as const;
