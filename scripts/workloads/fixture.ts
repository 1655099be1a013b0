import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readInjections } from '../../function/injections/load.ts';
import type { AdmissionRequest } from '../../function/review/admission.ts';
import type { Injection } from '../../function/review/injection.ts';
import { callNames } from '../../function/review/namespaces.ts';
import { applyPatch } from '../../function/review/patch.ts';
import type { Decision } from '../../function/review/review.ts';
import { decide, patchOf } from './decide.ts';
import { readYaml } from './yaml-file.ts';

/**
 * A case of what the function decides, a directory: `pod.yaml` is created, or what `request.yaml` says happens, under
 * `injections.yaml`; `call.yaml` has the name in the path of the call, where it has one. `expected.yaml` has the answer,
 * with the Pod as it is after the patch.
 */
export interface Fixture {
  /** The directory's name. */
  title: string;
  file: (name: string) => string;
}

/** The cases in a directory: each directory in it, or itself, that has a `pod.yaml`. */
export function fixturesIn(directory: string): Fixture[] {
  return globSync('**/pod.yaml', { cwd: directory })
    .map((file) => join(directory, dirname(file)))
    .sort()
    .map((place) => ({ title: basename(place), file: (name) => join(place, name) }));
}

function calledName(call: unknown, injections: readonly Injection[]): string | undefined {
  if (call === undefined) return undefined;
  const { name = '' } = (call ?? {}) as { name?: string };
  if (callNames(injections).includes(name)) return name;
  throw new Error(`call.yaml: name: no injection ${name} has a namespaceSelector`);
}

export interface Answered {
  request: AdmissionRequest;
  decision: Decision;
  /** As `expected.yaml` has it. */
  answer: object;
}

/** What the function answers in a case, by `injections` where it has none of its own. Throws where the case cannot be read. */
export function answerTo({ file }: Fixture, injections: readonly Injection[]): Answered {
  const own = file('injections.yaml');
  const pod = readYaml(file('pod.yaml'));
  const fields = readYaml(file('request.yaml')) as object | undefined;
  const { kind } = (pod ?? {}) as { kind?: unknown };
  if (!fields && kind !== undefined && kind !== 'Pod') throw new Error(`pod.yaml is a ${kind}, and no Pod`);
  const all = existsSync(own) ? readInjections(own) : injections;
  const { request, decision } = decide(pod, fields ?? {}, all, calledName(readYaml(file('call.yaml')), all));
  const { response, outcome, ensure, leftOut, warnings: _, ...rest } = decision;
  const { uid: _uid, ...shown } = response;
  const patch = patchOf(response);
  if ('patch' in shown) Object.assign(shown, { patch: patch.map(({ op, path }) => `${op} ${path}`) });
  const answer = {
    decision: outcome,
    ...rest,
    ...(leftOut.length > 0 && { leftOut }),
    ...(ensure.length > 0 && { ensure }),
    response: shown,
    ...(patch.length > 0 && { pod: applyPatch(request.object, patch) }),
  };
  return { request, decision, answer };
}
