import { existsSync, globSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readInjections } from '../../function/injections/load.ts';
import type { AdmissionRequest } from '../../function/review/admission.ts';
import type { Injection } from '../../function/review/injection.ts';
import { callNames } from '../../function/review/namespaces.ts';
import { applyPatch } from '../../function/review/patch.ts';
import type { Decision } from '../../function/review/review.ts';
import { decide, patchOf } from './decide.ts';
import { readFields, readYaml } from './yaml-file.ts';

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

const caseFile = /^(pod|injections|request|call|expected)\.(ya?ml|json)$/;

/**
 * The cases in a directory: each directory in it, or itself, that has a file of a case, or any YAML beside cases: one that
 * lacks its Pod is to fail, and not to go unnoticed. What has cases below is none.
 */
export function fixturesIn(directory: string): Fixture[] {
  const names = Map.groupBy(globSync('**/*.{yaml,yml,json}', { cwd: directory }), dirname);
  const isWithPod = (place: string) => names.get(place)?.includes(join(place, 'pod.yaml')) ?? false;
  const parents = new Set([...names.keys()].filter(isWithPod).map((place) => join(place, '..')));
  const isCase = (place: string) =>
    names.get(place)?.some((name) => caseFile.test(basename(name))) || parents.has(join(place, '..'));
  const cases = [...names.keys()].filter(isCase);
  const isAbove = (place: string) => cases.some((one) => one !== place && !relative(place, one).startsWith('..'));
  return cases
    .filter((place) => isWithPod(place) || !isAbove(place))
    .map((place) => join(directory, place))
    .sort()
    .map((place) => ({ title: basename(place), file: (name) => join(place, name) }));
}

/** https://pkg.go.dev/k8s.io/api/admission/v1#AdmissionRequest */
const requestFields = [
  ...['uid', 'kind', 'resource', 'subResource', 'requestKind', 'requestResource', 'requestSubResource', 'name'],
  ...['namespace', 'operation', 'userInfo', 'object', 'oldObject', 'dryRun', 'options'],
];

/** The Pod of a case; undefined where `request.yaml` says itself what it is about. Throws where there is neither. */
function podIn({ file }: Fixture, fields: object): unknown {
  const place = file('pod.yaml');
  if (existsSync(place) || 'object' in fields) return readYaml(place);
  const others = readdirSync(dirname(place)).sort().join(', ');
  throw new Error(`there is no pod.yaml, the Pod that is created, but ${others}`);
}

function calledName({ file }: Fixture, injections: readonly Injection[]): string | undefined {
  const call = readFields(file('call.yaml'), 'a call', ['name']);
  if (call === undefined) return undefined;
  const { name = '' } = call as { name?: string };
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
export function answerTo(fixture: Fixture, injections: readonly Injection[]): Answered {
  const own = fixture.file('injections.yaml');
  const fields = readFields(fixture.file('request.yaml'), 'an AdmissionRequest', requestFields);
  const pod = podIn(fixture, fields ?? {});
  const { kind } = (pod ?? {}) as { kind?: unknown };
  if (!fields && kind !== undefined && kind !== 'Pod') throw new Error(`pod.yaml is a ${kind}, and no Pod`);
  const all = existsSync(own) ? readInjections(own) : injections;
  const { request, decision } = decide(pod, fields ?? {}, all, calledName(fixture, all));
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
