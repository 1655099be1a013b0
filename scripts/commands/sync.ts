/** `npm run sync`: brings the copies of ConfigMaps up to date with what they were copied from. */
import { isDeepStrictEqual } from 'node:util';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { copyOf, fieldManager } from '../../function/copies/config-maps.ts';
import { type Copy, contentOf, isChanged, listCopies } from '../install/copies.ts';
import { clusterOptions, clusterUsage } from '../install/installation.ts';
import { apply, connect, type KubernetesApi, type KubernetesObject, read, unless } from '../kubernetes/client.ts';
import { runCommand } from '../terminal/command.ts';
import { readOptions } from '../terminal/options.ts';

const usage = `npm run sync [-- [--dry-run] [--force]]

Brings every ConfigMap that the function has copied (ensure) up to date with its source in the function's namespace. Pods
see a new content within a minute or so, but for mounts with a subPath. A copy that somebody has changed since is left
alone.

      --dry-run          shows what would be done
      --force            makes those that somebody has changed as their source again, too
${clusterUsage}
  -h, --help             this text

Exits with 0 where all copies are up to date, with 1 where one is not.
`;

const changed = 'was changed by somebody else: left alone (--force overwrites it)';
/** The outcomes after which a copy is as it should be. */
const done = new Set(['up to date', 'updated', 'would be updated']);

await runCommand(async () => {
  const options = readOptions(usage, {
    ...clusterOptions,
    'dry-run': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  });
  if (typeof options === 'number') return options;
  const api = connect(options.context === undefined ? {} : { context: options.context });
  const installation = { name: options.name, namespace: options.namespace };
  const copies = await listCopies(api, installation);
  let failures = 0;
  for (const copy of copies) {
    const { name, namespace } = copy.metadata;
    const source = await read<V1ConfigMap>(api, `/api/v1/namespaces/${options.namespace}/configmaps/${name}`);
    const outcome = source ? await sync(api, copy, source, options) : `its source is not in ${options.namespace}`;
    if (!done.has(outcome)) failures++;
    console.log(`${namespace}/${name}: ${outcome}`);
  }
  if (copies.length === 0) console.log(`There are no copies of ConfigMaps of ${options.namespace}.`);
  return failures > 0 ? 1 : 0;
});

/** What became of one copy. */
async function sync(
  api: KubernetesApi,
  copy: Copy,
  source: V1ConfigMap,
  { 'dry-run': dryRun, force }: { 'dry-run': boolean; force: boolean },
): Promise<string> {
  const wanted = copyOf(source, copy.metadata.namespace);
  if (isDeepStrictEqual(contentOf(copy), contentOf(wanted))) return 'up to date';
  if (copy.immutable) return 'is immutable: delete it, and the next Pod gets a new one';
  if (isChanged(copy) && !force) return changed;
  if (force && !dryRun) await removeOtherKeys(api, copy, wanted);
  const applied = await unless(409, apply(api, wanted as unknown as KubernetesObject, { fieldManager, dryRun, force }));
  if (!applied) return changed;
  return dryRun ? 'would be updated' : 'updated';
}

/** What others have added: to apply what is wanted leaves it where it is. */
async function removeOtherKeys(api: KubernetesApi, copy: Copy, wanted: V1ConfigMap): Promise<void> {
  const others = (field: 'data' | 'binaryData') =>
    Object.fromEntries(
      Object.keys(copy[field] ?? {})
        .filter((key) => wanted[field]?.[key] === undefined)
        .map((key) => [key, null]),
    );
  const { name, namespace } = copy.metadata;
  await api.send('PATCH', `/api/v1/namespaces/${namespace}/configmaps/${name}?fieldManager=${fieldManager}`, {
    body: { data: others('data'), binaryData: others('binaryData') },
    contentType: 'application/merge-patch+json',
  });
}
