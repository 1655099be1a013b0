import type { V1Pod } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import { selectsName } from '../../../../function/review/selector.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { count, someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { injections } from '../function/injections.ts';
import { selectedPods, selects } from './selected-pods.ts';

/** Whether the containers that an injection includes by name are in the Pods that it selects; nothing to say where none has such. */
export const containers = check(
  'containers',
  'Containers',
  [resultOf(injections), resultOf(selectedPods), namespaces],
  async (_, all, pods, known) => {
    const choosing = all
      .filter((injection) => injection.containers?.include)
      .map((injection) => ({ injection, selected: pods.filter((pod) => selects(injection, pod, known)) }))
      .filter(({ selected }) => selected.length > 0);
    if (choosing.length === 0) return { findings: [] };
    const findings = choosing.flatMap(({ injection, selected }) => containerFindings(injection, selected));
    const good = ok('each container that an injection includes is in some Pod that it selects');
    return { findings: findings.length > 0 ? findings : [good] };
  },
);

function containerFindings({ name, containers: { include = [] } = {} }: Injection, pods: readonly V1Pod[]): Finding[] {
  const names = new Set(pods.flatMap(containerNames));
  const missing = include.filter(
    (glob) => ![...names].some((container) => selectsName({ include: [glob] }, container)),
  );
  if (missing.length === 0) return [];
  const lacking = `none of ${count(pods.length, 'selected Pod')} has: they have ${someOf([...names].sort(), 5)}`;
  const text =
    missing.length === include.length
      ? `injection ${name} injects nothing: containers.include has ${missing.join(', ')}, which ${lacking}`
      : `injection ${name} has ${missing.join(', ')} in containers.include, which ${lacking}`;
  return [
    warning(
      text,
      `# correct containers.include of the injection, then:\n${commandLine('deploy', '--injections FILE')}`,
    ),
  ];
}

function containerNames({ spec }: V1Pod): string[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name);
}
