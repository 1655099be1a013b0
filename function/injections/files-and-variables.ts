import { fileAnnotation } from '../review/files.ts';
import type { DeclaredInjection } from '../review/injection.ts';
import { referencesIn } from '../review/variables.ts';
import type { Problem } from './schema.ts';
import { valueFromProblems } from './variable-rules.ts';

type Declared = Partial<DeclaredInjection>;

/** What is wrong with the parts of an injection beside one another: which files from where, which variables. */
export function filesAndVariablesProblems(injection: Declared, isMisshapen: (field: string) => boolean): Problem[] {
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
    ...envProblems(injection),
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

function envProblems({ env = [], volume }: Declared): Problem[] {
  const last = new Map(env.map(({ name }, index) => [name, index]));
  const seen = new Set<string>();
  return env.flatMap(({ name, value, valueFrom }, index) => {
    const reference = referencesIn(value ?? '').find((referred) => (last.get(referred) ?? -1) >= index);
    const file = valueFrom?.fileKeyRef;
    const rules: [holds: boolean, field: string, message: string][] = [
      [!seen.has(name), 'name', `must be unique: ${name} is set before`],
      [!(value && valueFrom), 'valueFrom', 'must be left out with value: a variable has one of them'],
      [
        // The API server refuses a Pod without it: k8s.io/kubernetes pkg/apis/core/validation validateFileKeyRefVolumes.
        !file || (file.volumeName === volume?.name && volume.emptyDir !== undefined),
        'valueFrom',
        "must take a file of the injection's own volume, an emptyDir",
      ],
      [
        reference === undefined,
        'value',
        `must not refer to ${reference} before it is set: the order of env matters to $(${reference})`,
      ],
    ];
    seen.add(name);
    return [
      ...rules.filter(([holds]) => !holds).map(([, field, message]) => ({ path: [field], message })),
      ...(valueFrom ? valueFromProblems(valueFrom) : []).map((problem) => ({
        ...problem,
        path: ['valueFrom', ...problem.path],
      })),
    ].map((problem) => ({ ...problem, path: ['env', index, ...problem.path] }));
  });
}
