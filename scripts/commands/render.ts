import { Option } from 'commander';
import type { Wanted } from '../install/overlay.ts';
import { type Reach, reaches } from '../install/reach.ts';
import { releasedImage } from '../install/released-image.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus, UsageError } from '../terminal/exit-status.ts';
import { addNameOptions, type InstallationOptions, installationOf, parseName } from './installation-options.ts';

interface RenderOptions extends InstallationOptions {
  reach: Reach;
  image: string | false | undefined;
  injections?: string;
  gatewayNamespace?: string;
  ensure: boolean;
  sync?: boolean;
  failClosed?: boolean;
  alwaysWarm?: boolean;
  monitoring?: boolean;
  output?: string;
  manifests?: string;
}

export const render = addNameOptions(createCommand('render'))
  .summary('print the manifests that deploy applies, for Git')
  .description(
    `Prints every object that deploy applies for the same options, as YAML, in the order in which they are to be applied:
the same options give the same bytes. It needs kubectl, and no cluster.`,
  )
  .addOption(
    new Option('--reach <way>', 'how the API server reaches the function').choices(reaches).makeOptionMandatory(),
  )
  .option(
    '--image <image>',
    "the function's image, best by its digest (default: that of the release). Built from source, there is none, and func or kn make the function",
    releasedImage,
  )
  .option('--no-image', 'leave the function to func or kn')
  .option('--injections <file>', 'the injections (default: manifests/demo/injection/injections.yaml)')
  .addOption(
    new Option('--gateway-namespace <name>', "where the gateway's Pods are, unless where they usually are").argParser(
      parseName,
    ),
  )
  .option('--no-ensure', 'without the permissions to copy ConfigMaps to where they are missing')
  .option('--sync', 'with a CronJob that brings those copies up to date every quarter of an hour')
  .option('--fail-closed', 'refuse selected Pods while the function cannot be reached')
  .option('--always-warm', 'keep one function running')
  .option('--monitoring', 'with alerts and a dashboard, where the Prometheus Operator is; deploy leaves them out')
  .option('-o, --output <directory>', 'write files with a kustomization into this directory instead')
  .option(
    '--manifests <url>',
    `with --output: write an overlay that takes the manifests from there, instead of the objects. A URL with its version,
such as https://github.com/OWNER/hello-webhook//manifests?ref=v0.1.0, or a path from the directory`,
  )
  .action(
    action(async ({ output, manifests, ...options }: RenderOptions, { cleanup }) => {
      if (manifests !== undefined && output === undefined) throw new UsageError('--manifests needs --output DIRECTORY');
      const { manifestFiles, writeFiles } = await import('../install/rendered-files.ts');
      const { render, renderOverlay } = await import('../install/render.ts');
      const wanted = wantedFrom(options, await injectionsIn(options.injections));
      if (output !== undefined && manifests !== undefined)
        await writeFiles(output, await renderOverlay(wanted, manifests));
      else {
        const { manifest } = await render(wanted, cleanup);
        if (output === undefined) process.stdout.write(manifest);
        else await writeFiles(output, manifestFiles(manifest));
      }
      return exitStatus.ok;
    }),
  );

/** The text of a file of injections. Throws a ConfigurationError with their places where they are invalid. */
async function injectionsIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { readFile } = await import('node:fs/promises');
  const { parseInjections } = await import('../../function/injections/load.ts');
  const text = await readFile(file, 'utf8');
  parseInjections(text, file);
  return text;
}

function wantedFrom(options: Omit<RenderOptions, 'output' | 'manifests'>, injections: string | undefined): Wanted {
  const {
    reach,
    image,
    gatewayNamespace,
    ensure,
    sync = false,
    failClosed = false,
    alwaysWarm = false,
    monitoring = false,
  } = options;
  const choices = { ensure, sync, 'fail-closed': failClosed, 'always-warm': alwaysWarm, monitoring };
  return {
    ...installationOf(options),
    reach,
    image: image || undefined,
    ...(gatewayNamespace !== undefined && { gatewayNamespace }),
    ...(injections !== undefined && { injections }),
    components: (['ensure', 'sync', 'fail-closed', 'always-warm', 'monitoring'] as const).filter(
      (component) => choices[component],
    ),
  };
}
