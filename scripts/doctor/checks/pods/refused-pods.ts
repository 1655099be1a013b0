import type { V1MutatingWebhook, V1Pod } from '@kubernetes/client-node';
import { type Injection, optOutAnnotation } from '../../../../function/review/injection.ts';
import { fixOfCallFailure } from '../../../install/call-failure.ts';
import { deployedAt } from '../../../install/deployed-injections.ts';
import type { KubernetesObject } from '../../../kubernetes/object.ts';
import { podOf } from '../../../kubernetes/workload.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { templatePatch } from '../../../workloads/pod-template-labels.ts';
import { check, resultOf } from '../../check.ts';
import { type FailedCreation, failedCreations } from '../../failed-creations.ts';
import { inTheWayFix } from '../../in-the-way.ts';
import type { Namespaces } from '../../namespaces.ts';
import { someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';
import { knativeService } from '../function/knative-service.ts';
import { selects } from './selected-pods.ts';

/** Whether the API server refuses Pods of workloads for the webhook, or for what is injected: nobody but an event says so. */
export const refusedPods = check(
  'refused-pods',
  'Refused Pods',
  [resultOf(webhook), resultOf(injections), resultOf(knativeService), namespaces],
  async ({ api, installation }, { entries, changed }, all, { serving, since }, known) => {
    const isOurs = (message: string) => entryIn(message, entries) !== undefined || partsIn(message, all).length > 0;
    const failed = await failedCreations(api, isOurs);
    const deployed = (await deployedAt(api, installation, serving)) ?? new Date(0);
    const callable = new Date(Math.max(Number(changed), Number(since ?? 0), Number(deployed)));
    const webhook = { entries, all, known, deployed, callable };
    const refusals = failed.flatMap((creation) => refusalOf(creation, webhook) ?? []);
    const findings = [...Map.groupBy(refusals, ({ group }) => group).values()].map(findingOf);
    return { findings: findings.length > 0 ? findings : [ok('no workload is refused its Pods for what is injected')] };
  },
);

interface Refusal {
  /** What those that are refused for the same have in common. */
  group: string;
  why: string;
  workload: KubernetesObject;
  fix: (workloads: readonly KubernetesObject[]) => string;
  /** Whether what refused them has changed since, so that they may be created the next time. */
  isEarlier?: true;
}

interface Webhook {
  entries: readonly V1MutatingWebhook[];
  all: readonly Injection[];
  known: Namespaces;
  /** When the injections were: what was said of earlier ones counts no more. */
  deployed: Date;
  /** When anything changed that the call takes: a call may have failed before and not after that. */
  callable: Date;
}

/** A controller's longest pause between two attempts to create a Pod: 1000 s. */
const retry = 'within 17 minutes';

/**
 * | the message                                           | the Pods are refused                           |
 * |-------------------------------------------------------|------------------------------------------------|
 * | `failed calling webhook "ENTRY": …`                   | since the call fails, and failurePolicy is Fail |
 * | `admission webhook "ENTRY" denied the request: …`     | by an injection that says `onConflict: deny`   |
 * | … `"PATH"`, a volume or a variable of an injection … | for what is injected                           |
 */
function refusalOf({ message, time, workload }: FailedCreation, webhook: Webhook): Refusal | undefined {
  const { entries, all, known, deployed, callable } = webhook;
  const entry = entryIn(message, entries);
  if (entry && message.includes('failed calling webhook')) {
    if (entry.failurePolicy === 'Ignore') return undefined;
    if (time < callable) {
      const why = `the API server could not call the function: ${message}`;
      return { group: `earlier ${entry.name}`, why, workload, fix: retryFix, isEarlier: true };
    }
    const why = `the API server cannot call the function, and failurePolicy is Fail: ${message}`;
    const fix = `${fixOfCallFailure(message) ?? commandLine('doctor', '--probe')}\n# once that is fixed, their controllers try again ${retry}`;
    return { group: `failed ${entry.name}`, why, workload, fix: () => fix };
  }
  if (time < deployed) return undefined;
  if (entry) {
    const why = message.slice(message.indexOf('denied the request'));
    const fix = `${inTheWayFix}\n# or have it skipped there, by onConflict: skip; then:\n${commandLine('deploy', '--injections FILE')}`;
    return { group: why, why: `an injection ${why}`, workload, fix: () => fix };
  }
  const pod = podOf(workload) as V1Pod | undefined;
  const [injection] = pod ? partsIn(message, all).filter((one) => selects(one, pod, known)) : [];
  if (!injection) return undefined;
  const why = `injection ${injection.name} has what the API server does not take there: ${message}`;
  return { group: `invalid ${injection.name}`, why, workload, fix: invalidFix };
}

function findingOf(refusals: readonly Refusal[]): Finding {
  const [{ why, fix, isEarlier }] = refusals as [Refusal];
  const workloads = refusals.map(({ workload }) => workload);
  const names = someOf([...new Set(workloads.map(titleOf))]);
  if (!isEarlier) return broken(`no Pods can be created for ${names}: ${why}`, fix(workloads));
  const text = `no Pods could be created for ${names} before the webhook or its function last changed: ${why}`;
  return warning(text, fix(workloads));
}

/** A controller looks at a workload that changes, whatever pause it makes; an annotation has no Pod created again. */
function retryFix(workloads: readonly KubernetesObject[], most = 3): string {
  const commands = workloads.map(({ kind, metadata: { namespace, name } }) => {
    const annotate = shell`kubectl -n ${namespace} annotate ${kind.toLowerCase()} ${name}`;
    return `${annotate} hello-webhook/retry="$(date)" --overwrite`;
  });
  return [
    `# their controllers try again ${retry}, or at once where anything of the workload changes:`,
    ...commands.slice(0, most),
    ...(commands.length > most ? [`# and ${commands.length - most} more like these`] : []),
  ].join('\n');
}

function invalidFix(workloads: readonly KubernetesObject[]): string {
  const [workload] = workloads as [KubernetesObject];
  const annotations = { [optOutAnnotation]: 'false' };
  return [
    inTheWayFix,
    commandLine('deploy', '--injections FILE'),
    '# or, for now, have nothing injected there:',
    templatePatch(writtenOf(workload), { annotations }),
  ].join('\n');
}

/** The entry that a message names. */
function entryIn(message: string, entries: readonly V1MutatingWebhook[]): V1MutatingWebhook | undefined {
  return entries.find(({ name }) => message.includes(`webhook "${name}"`));
}

/** The injections of which a message names a path, a volume or a variable. */
function partsIn(message: string, all: readonly Injection[]): Injection[] {
  return all.filter(({ volume, mounts, env }) => {
    const parts = [volume?.name, ...mounts.map(({ mountPath }) => mountPath), ...env.map(({ name }) => name)];
    return parts.some((part) => part && message.includes(`"${part}"`));
  });
}

function titleOf(workload: KubernetesObject): string {
  const { kind, metadata } = writtenOf(workload);
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** Of a ReplicaSet the Deployment that has made it. */
function writtenOf(workload: KubernetesObject): KubernetesObject {
  const owners = (workload.metadata.ownerReferences ?? []) as { kind: string; name: string; controller?: boolean }[];
  const owner = owners.find(({ kind, controller }) => controller && kind === 'Deployment');
  if (!owner) return workload;
  return { ...workload, kind: owner.kind, metadata: { ...workload.metadata, name: owner.name } };
}
