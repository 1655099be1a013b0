import { InvalidArgumentError, Option } from 'commander';
import { action, createCommand } from '../terminal/command.ts';
import { print, printError } from '../terminal/output.ts';
import { parseName } from './installation-options.ts';

interface InjectOptions {
  file: string[];
  injections?: string;
  namespace: string;
  namespaceLabels: Record<string, string>;
  diff?: boolean;
  output: 'yaml' | 'json' | 'summary';
}

export const inject = createCommand('inject')
  .summary('show what the webhook makes of manifests')
  .description(
    `Prints manifests with their workloads as the webhook would make their Pods: Pods, and whatever has a Pod template of
Kubernetes' own; all else as it is. Other kinds with one are named, and left out. Needs no cluster. On stderr there is a line for each workload and injection: injected;
skipped, with what is in the way; not selected, with the requirement that is not met. Exit status 3 where something was
skipped, 4 where a Pod would be denied.`,
  )
  .addOption(
    new Option(
      '-f, --file <file...>',
      'manifests in YAML or JSON; a directory stands for those in it, - for stdin',
    ).makeOptionMandatory(),
  )
  .option('--injections <file>', 'the injections; default: those that the function has without a file')
  .addOption(new Option('-n, --namespace <name>', 'of what names none itself').default('default').argParser(parseName))
  .addOption(
    new Option('--namespace-labels <labels>', 'of the namespaces that are not among the manifests: team=a,tier=web')
      .default({}, 'none')
      .argParser(parseLabels),
  )
  .option('--diff', 'print what would change, as a unified diff')
  .addOption(
    new Option('-o, --output <format>', 'summary: a table in place of the manifests and the lines on stderr')
      .choices(['yaml', 'json', 'summary'])
      .default('yaml'),
  )
  .action(
    action(async ({ file: places, injections: file, diff, output, ...options }: InjectOptions) => {
      const { readInjections } = await import('../../function/injections/load.ts');
      const { defaultInjections } = await import('../../function/injections/default-injections.ts');
      const { injectManifest } = await import('../workloads/inject.ts');
      const { reviewBy } = await import('../workloads/review.ts');
      const { readTexts } = await import('../workloads/texts.ts');
      const { exitStatusOf, formatLines, formatManifests, formatTableOf } = await import('../workloads/report.ts');
      const { parseManifest } = await import('../kubernetes/manifest.ts');
      const injections = file === undefined ? defaultInjections : readInjections(file);
      const texts = await readTexts(places);
      const isByNamespace = injections.some(({ namespaceSelector }) => namespaceSelector);
      const objects = isByNamespace ? texts.flatMap(({ name, text }) => parseManifest(text, name)) : [];
      const { namespace, namespaceLabels } = options;
      const by = reviewBy(injections, namespace, { namespaceLabels, objects });
      const manifests = texts.map(({ name, text }) => ({
        name,
        before: text,
        ...injectManifest(text, name, by),
      }));
      const workloads = manifests.flatMap((manifest) => manifest.workloads);
      if (workloads.length === 0)
        printError(`no workload in ${places.map((place) => (place === '-' ? 'stdin' : place)).join(', ')}`);
      if (output === 'summary') print(formatTableOf(workloads));
      else for (const line of workloads.flatMap(formatLines)) printError(line);
      if (diff) {
        const { formatDiff } = await import('../terminal/diff.ts');
        const { inLines } = await import('../workloads/yaml-text.ts');
        for (const { name, before, text } of manifests)
          process.stdout.write(formatDiff(name, inLines(before), inLines(text), process.stdout));
      } else if (output !== 'summary') process.stdout.write(formatManifests(manifests, output));
      return exitStatusOf(workloads);
    }),
  );

function parseLabels(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.every((pair) => pair.length === 2 && pair[0])) return Object.fromEntries(pairs);
  throw new InvalidArgumentError('Give labels such as team=a,tier=web.');
}
