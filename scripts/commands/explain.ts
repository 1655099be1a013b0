import { Option } from 'commander';
import type { Injection } from '../../function/review/injection.ts';
import type { Diagnosis } from '../doctor/run.ts';
import type { ExplainedPods, Known } from '../explain/explain.ts';
import type { Subject } from '../explain/subject.ts';
import { defaultInstallation } from '../install/installation.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { remembering } from '../kubernetes/remember.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus, UsageError } from '../terminal/exit-status.ts';
import { type Finding, formatFinding } from '../terminal/finding.ts';
import { print } from '../terminal/output.ts';
import {
  type ClusterOptions,
  connectTo,
  contextOption,
  installationOf,
  nameOthers,
  parseName,
} from './installation-options.ts';

interface ExplainOptions extends ClusterOptions {
  selector?: string;
  namespace?: string;
  injection?: string;
  name: string;
  functionNamespace: string;
  output?: 'json';
}

export const explain = createCommand('explain')
  .summary('say why a Pod has, or has not, what an injection is to give it')
  .description(
    `Says of each injection whether it is in these Pods: in which containers, or which requirement they do not meet, what
was skipped and why, and how to fix it. Changes nothing. Exit status 1 where something is broken.`,
  )
  .argument('[target]', 'TYPE/NAME as kubectl takes it: pod/shop-0, deployment/shop')
  .option('-l, --selector <labels>', 'the Pods with these labels, in place of a target: app=shop')
  .addOption(
    new Option('-n, --namespace <name>', "the Pods' namespace; default: that of the kubeconfig context").argParser(
      parseName,
    ),
  )
  .option('--injection <name>', 'this one alone, with the fix also where a Pod has none of its labels; default: all')
  .addOption(contextOption)
  .addOption(
    new Option('--function-namespace <name>', "the function's namespace")
      .default(defaultInstallation.namespace)
      .argParser(parseName),
  )
  .addOption(
    new Option('--name <name>', 'name of the installation').default(defaultInstallation.name).argParser(parseName),
  )
  .addOption(
    new Option(
      '-o, --output <format>',
      'json: {"webhook": [{"id", "title", "status", "text", "fix"}], what of the webhook is not well, "pods": [{"title", "explanations": [{"injection", "status", "text", "fix"}]}]}, with status ok, info, warning or broken',
    ).choices(['json']),
  )
  .action(
    action(
      async (
        { selector, functionNamespace, name, output, injection, ...options }: ExplainOptions,
        { args: [text] },
      ) => {
        const installation = installationOf({ name, namespace: functionNamespace });
        const { explain: explainPods, readKnown } = await import('../explain/explain.ts');
        const { readAppliedBy } = await import('../install/applied-by.ts');
        const choice = await choiceOf(text, selector);
        const api = remembering(await connectTo(options));
        await nameOthers(api, installation, '--function-namespace');
        const namespace = options.namespace ?? currentNamespace(api);
        const subjects = await choice(api, namespace);
        if (subjects.length === 0) throw new Error(`no Pod found in ${namespace}`);
        const appliedBy = await readAppliedBy(api, installation);
        const context = { api, installation, kubeContext: options.context, appliedBy };
        const known = await readKnown(context);
        if (known.injections.length === 0) {
          throw new Error(
            ['the injections of the webhook are not known:', ...known.findings.map(formatTitled)].join('\n'),
          );
        }
        const pods = await explainPods(context, subjects, namespace, known, chosenBy(known, injection));
        if (output === 'json') print(JSON.stringify({ webhook: known.findings.map(asJson), pods }, undefined, 2));
        else {
          for (const finding of known.findings) print(formatTitled(finding));
          print(pods.map(format).join('\n\n'));
        }
        const findings = [...known.findings, ...pods.flatMap(({ explanations }) => explanations)];
        return findings.some(({ status }) => status === 'broken') ? exitStatus.failed : exitStatus.ok;
      },
    ),
  );

/** The injections to explain: the one of this name, or all. */
function chosenBy({ injections }: Known, name: string | undefined): readonly Injection[] {
  if (name === undefined) return injections;
  const chosen = injections.filter((injection) => injection.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(`injection ${name} not found: the function has ${injections.map((one) => one.name).join(', ')}`);
}

/** Reads the Pods that a target, or `-l`, chooses in a namespace. Throws a UsageError where not exactly one is given. */
async function choiceOf(
  text: string | undefined,
  selector: string | undefined,
): Promise<(api: KubernetesApi, namespace: string) => Promise<Subject[]>> {
  const { parseTarget, subjectsBy, subjectsOf } = await import('../explain/target.ts');
  if ((selector === undefined) === (text === undefined)) throw new UsageError('give a target, or -l LABELS');
  if (selector !== undefined) return (api, namespace) => subjectsBy(api, namespace, selector);
  const target = parseTarget(text ?? '');
  if (!target) throw new UsageError(`${text}: give TYPE/NAME, such as deployment/shop`);
  return (api, namespace) => subjectsOf(api, { ...target, metadata: { ...target.metadata, namespace } });
}

function currentNamespace({ config }: KubernetesApi): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

function asJson({ id, title, status, text, fix }: Diagnosis): object {
  return { id, title, status, text, fix };
}

function formatTitled({ title, ...finding }: Finding & { title: string }): string {
  return formatFinding(title, finding);
}

/** Beside others, what is not meant for the Pods is one line, without its fix. */
function format({ title, explanations }: ExplainedPods): string {
  const lines = explanations.map(({ injection, fix, ...finding }) => {
    const isShort = fix === undefined || (finding.status === 'info' && explanations.length > 1);
    return formatFinding(injection, isShort ? finding : { ...finding, fix });
  });
  return [title, ...lines].join('\n');
}
