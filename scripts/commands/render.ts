import { isAbsolute, relative, resolve } from 'node:path';
import { Option } from 'commander';
import { optionalComponents, type Wanted } from '../install/overlay.ts';
import { type Reach, reaches } from '../install/reach.ts';
import { releasedImage } from '../install/released-image.ts';
import type { Files } from '../install/rendered-files.ts';
import { action, createCommand } from '../terminal/command.ts';
import { commandLine } from '../terminal/command-line.ts';
import { exitStatus, UsageError } from '../terminal/exit-status.ts';
import { printError, shell } from '../terminal/output.ts';
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
  networkPolicy?: boolean;
  monitoring?: boolean;
  callerToken?: string;
  output?: string | undefined;
  manifests?: string | undefined;
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
  .option('--network-policy', "let none but Knative and the gateway call the function's Pods")
  .option('--monitoring', 'with alerts and a dashboard, where the Prometheus Operator is; deploy leaves them out')
  .option(
    '--caller-token <file>',
    'a file with the token of Secret hello-webhook-caller-tokens: the webhook configuration calls with it, and holds it',
  )
  .option('-o, --output <directory>', 'write files with a kustomization into this directory instead')
  .option(
    '--manifests <url>',
    `with --output: write an overlay that takes the manifests from there, instead of the objects. A URL with its version,
such as https://github.com/OWNER/hello-webhook//manifests?ref=v0.1.0, or a path from the directory`,
  )
  .action(
    action(async ({ output, manifests, ...options }: RenderOptions, { cleanup }) => {
      refuseUnfit({ ...options, output, manifests });
      const { manifestFiles, writeFiles } = await import('../install/rendered-files.ts');
      const { render, renderOverlay } = await import('../install/render.ts');
      const wanted = {
        ...wantedFrom(options, await injectionsIn(options.injections)),
        ...(await callerTokenIn(options.callerToken)),
      };
      const write = async (directory: string, files: Files) => {
        await writeFiles(directory, files);
        printError(writtenText(directory, Object.keys(files), manifests !== undefined));
      };
      if (output !== undefined && manifests !== undefined) await write(output, await renderOverlay(wanted, manifests));
      else {
        const { manifest } = await render(wanted, cleanup);
        if (output === undefined) process.stdout.write(manifest);
        else await write(output, manifestFiles(manifest));
      }
      if (options.image === undefined) printError(withoutImageText(wanted));
      return exitStatus.ok;
    }),
  );

/** Throws a UsageError at options that do not go together, or that kustomize would refuse. */
function refuseUnfit({ output, manifests, image, sync, alwaysWarm }: RenderOptions): void {
  if (manifests !== undefined && output === undefined) throw new UsageError('--manifests needs --output DIRECTORY');
  if (output !== undefined && manifests !== undefined && isAbsolute(manifests))
    throw new UsageError(
      `kustomize takes no absolute path: give --manifests ${shell`${relative(resolve(output), manifests)}`}, the path from ${output}, or a URL`,
    );
  const [needing] = [sync && '--sync', alwaysWarm && '--always-warm'].filter(Boolean);
  if (!image && needing)
    throw new UsageError(`${needing} needs --image IMAGE: it is for a function that func or kn do not make`);
}

/** What was written, and what comes next. */
function writtenText(directory: string, files: readonly string[], isOverlay: boolean): string {
  const next = isOverlay
    ? `${commandLine('check', shell`${directory}`)}, and ${shell`kubectl apply -k ${directory}`}`
    : shell`kubectl apply -k ${directory}`;
  return `Written to ${directory}: ${files.join(', ')}\nNext: ${next}, or commit it`;
}

function withoutImageText({ name, namespace }: Wanted): string {
  return `No --image IMAGE: there is no Knative Service; func or kn are to make it, ${name} in ${namespace} (--no-image says so)`;
}

/** The text of a file of injections. Throws a ConfigurationError with their places where they are invalid. */
async function injectionsIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { readFile } = await import('node:fs/promises');
  const { parseInjections } = await import('../../function/injections/load.ts');
  const text = await readFile(file, 'utf8');
  parseInjections(text, file);
  return text;
}

/** The first token of a file. Throws, without a word of it, where it holds none. */
async function callerTokenIn(file: string | undefined): Promise<Pick<Wanted, 'callerToken'>> {
  if (file === undefined) return {};
  const { readFile } = await import('node:fs/promises');
  const { parseCallerTokens } = await import('../../function/http/caller-tokens.ts');
  const [callerToken] = parseCallerTokens(await readFile(file, 'utf8'))?.tokens ?? [];
  if (callerToken === undefined)
    throw new UsageError(`${file} must hold a token: 32 to 128 lower-case letters, digits and -`);
  return { callerToken };
}

function wantedFrom(options: Omit<RenderOptions, 'output' | 'manifests'>, injections: string | undefined): Wanted {
  const { reach, image, gatewayNamespace, ensure, sync, failClosed, alwaysWarm, networkPolicy, monitoring } = options;
  const choices = {
    ensure,
    sync,
    'fail-closed': failClosed,
    'always-warm': alwaysWarm,
    'network-policy': networkPolicy,
    monitoring,
  };
  return {
    ...installationOf(options),
    reach,
    image: image || undefined,
    ...(gatewayNamespace !== undefined && { gatewayNamespace }),
    ...(injections !== undefined && { injections }),
    components: optionalComponents.filter((component) => choices[component]),
  };
}
