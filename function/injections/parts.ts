import type { V1EnvVar } from '@kubernetes/client-node';
import { fileAnnotation } from '../review/files.ts';
import type { DeclaredInjection } from '../review/injection.ts';
import { referencesIn } from '../review/variables.ts';
import { isAsDeclared } from '../review/volume-comparison.ts';
import { canOverlap } from './overlap.ts';
import type { Problem } from './schema.ts';

type Declared = Partial<DeclaredInjection>;

/** What is wrong with the parts of an injection beside one another: which files from where, which variables. */
export function partProblems(injection: Declared, isMisshapen: (field: string) => boolean): Problem[] {
  const has = (field: keyof Declared) => injection[field] !== undefined || isMisshapen(field);
  const hasFiles = has('volume') || has('files');
  const hasMounts = has('mount') || has('mounts');
  const rules: [holds: boolean, field: string, message: string][] = [
    [hasFiles || has('env'), 'volume', 'is required, unless there are files or env'],
    [!(has('volume') && has('files')), 'files', 'must be left out with volume: an injection has one of them'],
    [!hasFiles || hasMounts, 'mount', 'is required, or mounts, with volume or files'],
    [!(has('mount') && has('mounts')), 'mounts', 'must be left out with mount: an injection has one of them'],
    [hasFiles || !hasMounts, has('mounts') ? 'mounts' : 'mount', 'needs a volume or files to mount'],
  ];
  return [
    ...rules.filter(([holds]) => !holds).map(([, field, message]) => ({ path: [field], message })),
    ...fileProblems(injection),
    ...envProblems(injection.env ?? []),
  ];
}

/** Far below the 256 KiB of annotations that the API server takes of a Pod in all. */
const maxFileBytes = 64 * 1024;

function fileProblems({ name = '', files = {} }: Declared): Problem[] {
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const tooMany: Problem = {
    path: ['files'],
    message: `must not be over 64 KiB in all (${Math.ceil(bytes / 1024)} KiB): they travel in each Pod's annotations; put them into a ConfigMap, as volume`,
  };
  return [
    ...(bytes > maxFileBytes ? [tooMany] : []),
    ...Object.keys(files).flatMap((file) => {
      const [, key = ''] = fileAnnotation(name, file).split('/');
      if (key.length <= 63) return [];
      const message = `must be shorter by ${key.length - 63}: with the injection's name it is the name of an annotation, of at most 63 characters`;
      return [{ path: ['files', file], message }];
    }),
  ];
}

function envProblems(env: readonly V1EnvVar[]): Problem[] {
  return env.flatMap(({ name, value, valueFrom }, index) => {
    const later = new Set(env.slice(index).map((variable) => variable.name));
    const reference = referencesIn(value ?? '').find((referred) => later.has(referred));
    const rules: [holds: boolean, field: string, message: string][] = [
      [
        !env.slice(0, index).some((variable) => variable.name === name),
        'name',
        `must be unique: ${name} is set before`,
      ],
      [!(value && valueFrom), 'valueFrom', 'must be left out with value: a variable has one of them'],
      [
        reference === undefined,
        'value',
        `must not refer to ${reference} before it is set: the order of env matters to $(${reference})`,
      ],
    ];
    return rules.filter(([holds]) => !holds).map(([, field, message]) => ({ path: ['env', index, field], message }));
  });
}

/**
 * What refers to a variable that a later injection sets: a first review would leave it out, for want of the variable, and
 * a second one would not.
 */
export function laterVariableProblems(injection: Declared, later: readonly Declared[]): Problem[] {
  const { mount, mounts = [], env = [] } = injection;
  const references: { path: Problem['path']; text?: string | undefined }[] = [
    { path: ['mount', 'subPathExpr'], text: mount?.subPathExpr },
    ...mounts.map(({ subPathExpr: text }, index) => ({ path: ['mounts', index, 'subPathExpr'], text })),
    ...env.map(({ value: text }, index) => ({ path: ['env', index, 'value'], text })),
  ];
  const sets = ({ env: variables = [] }: Declared, name: string) => variables.some((one) => one.name === name);
  const setterOf = (name: string) =>
    sets(injection, name) ? undefined : later.find((other) => sets(other, name) && canOverlap(injection, other));
  return references.flatMap(({ path, text = '' }) =>
    referencesIn(text).flatMap((name) => {
      const setter = setterOf(name);
      const message = `must not refer to ${name} before injection ${setter?.name} sets it: put that one first`;
      return setter ? [{ path, message }] : [];
    }),
  );
}

/** Whether one container can get two values of a variable: the injection that comes second would be in conflict with the first. */
export function rivalVariableProblems(injection: Declared, earlier: Declared): Problem[] {
  if (!canOverlap(injection, earlier)) return [];
  return (injection.env ?? []).flatMap((variable, index) => {
    const other = earlier.env?.find(({ name }) => name === variable.name);
    if (!other || (isAsDeclared(variable, other, 'env') && isAsDeclared(other, variable, 'env'))) return [];
    const message = `must be what injection ${earlier.name} sets ${variable.name} to, which can select the same Pods`;
    return [{ path: ['env', index], message }];
  });
}
