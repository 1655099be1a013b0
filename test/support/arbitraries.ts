import type { V1EnvVar, V1LabelSelector } from '@kubernetes/client-node';
import fc from 'fast-check';
import { laterVariableProblems } from '../../function/injections/conflicting-variables.ts';
import { type Injection, withDefaults } from '../../function/review/injection.ts';

/** Keys that make trouble: of JSON pointers, of objects in JavaScript, of this webhook. */
const key = fc.constantFrom(
  'hello',
  'hello-added',
  'a/b',
  'a~1b',
  '~0',
  'constructor',
  'toString',
  '__proto__',
  'hello-webhook/skipped',
  'x',
);
const value = fc.constantFrom('true', 'OK', 'no', '');
const path = fc.constantFrom(
  '/etc/config',
  '/etc/config/',
  '//etc//config',
  '/etc',
  '/etc/config/sub',
  '/etc/configuration',
  '/data',
  'etc/config',
  '/run/x',
  '/var/run/x',
  '/var/run/x/y',
  '/',
);
const volumeName = fc.constantFrom('hello-volume', 'data', 'files');

/** Fields that no code of ours has heard of. */
const unknownFields = fc.dictionary(
  fc.constantFrom('future', 'a/b', '~', 'length', 'toJSON'),
  fc.jsonValue({ maxDepth: 2 }),
  {
    maxKeys: 2,
  },
);

/** Objects whose fields may be absent, which `record` cannot do beside unknown fields. */
function object<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[]) {
  return fc
    .tuple(unknownFields, fc.record(fields, { requiredKeys }))
    .map(([unknown, known]) => ({ ...unknown, ...known }));
}

function listOf<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[] | null> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.array(item, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** Maps as JSON.parse makes them: with `__proto__` as a key among keys. */
const map = fc
  .array(fc.tuple(key, value), { maxLength: 3 })
  .map((pairs) =>
    JSON.parse(`{${[...new Map(pairs)].map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`),
  );

const variable = fc.constantFrom('HELLO_FILE', 'PATH_OF_IT', 'LANG', 'LANG_FILE', 'NODE_NAME', 'OWN');

const volumeMount = object(
  { name: volumeName, mountPath: path, readOnly: fc.boolean(), subPath: fc.constantFrom('', 'hello.txt') },
  ['name', 'mountPath'],
);

const container = object(
  {
    name: fc.constantFrom('app', 'app-1', 'istio-proxy', 'migrate'),
    image: fc.constant('image:1'),
    terminationMessagePath: fc.constantFrom('/data', '/files/a/message'),
    volumeMounts: listOf(volumeMount),
    env: listOf(object({ name: variable, value: fc.constantFrom('', 'own', '/etc/config/hello.txt') }, ['name'])),
    envFrom: fc.constantFrom([], [{ configMapRef: { name: 'app' } }]),
    volumeDevices: listOf(object({ name: volumeName, devicePath: path }, ['name', 'devicePath'])),
  },
  ['name'],
);

const source = fc.constantFrom<object>(
  { configMap: { name: 'hello-configmap' } },
  { configMap: { name: 'hello-configmap', defaultMode: 420 } },
  { configMap: { name: 'hello-configmap', optional: true } },
  { emptyDir: {} },
  { secret: { secretName: 'hello', optional: false } },
  { hostPath: { path: '/srv', type: 'File' } },
  { persistentVolumeClaim: { claimName: 'data' } },
  { csi: { driver: 'csi.example.com' } },
);

const volume = fc
  .tuple(volumeName, source, unknownFields)
  .map(([name, kind, unknown]) => ({ ...unknown, name, ...kind }));

/** A Pod as a person or a generator of manifests may send it, wrong ones included: names and paths may repeat. */
export const pod = object(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Pod'),
    metadata: fc.option(
      object(
        {
          name: fc.constant('app'),
          labels: fc.option(map),
          annotations: fc.option(map),
          ownerReferences: listOf(
            fc.constantFrom({ kind: 'ReplicaSet', name: 'app', controller: true }, { kind: 'Node' }),
          ),
        },
        [],
      ),
    ),
    spec: object(
      {
        containers: fc.array(container, { maxLength: 3 }),
        initContainers: listOf(container),
        ephemeralContainers: listOf(container),
        volumes: listOf(volume),
      },
      ['containers'],
    ),
  },
  ['spec'],
);

const selector = fc.constantFrom<V1LabelSelector>(
  { matchLabels: { hello: 'true' } },
  { matchExpressions: [{ key: 'hello', operator: 'NotIn', values: ['no'] }] },
  { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] },
);

const variables: Record<string, Omit<V1EnvVar, 'name'>> = {
  HELLO_FILE: { value: '/etc/config/hello.txt' },
  LANG: { value: '$$(OWN)' },
  NODE_NAME: { valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  PATH_OF_IT: { value: '$(OWN):/x' },
  LANG_FILE: { value: '/etc/config/$(LANG)' },
};
const mountPaths = ['/etc/config', '/etc/config/sub', '/etc/config/sub/x', '/run/x', '/data', '/files/a', '/files/b'];

/**
 * Sound configurations: names are unique, one volume name has one source, one variable name one value, no selector looks
 * at what is set, and a value refers to what is set before it.
 */
export const injections: fc.Arbitrary<Injection[]> = fc
  .array(
    fc.record({
      selector,
      source: fc.constantFrom('files', 'volume', 'none'),
      volumeName,
      mountPath: fc.uniqueArray(fc.constantFrom(...mountPaths), { minLength: 1, maxLength: 2 }),
      env: fc.uniqueArray(fc.constantFrom(...Object.keys(variables)), { maxLength: 2 }),
      readOnly: fc.boolean(),
      subPath: fc.option(fc.constant('hello.txt')),
      exclude: fc.option(fc.constantFrom('istio-*', 'app', '*')),
      labels: fc.option(fc.constantFrom({ 'hello-added': 'OK' }, { 'a/b': 'set' })),
      annotations: fc.option(fc.constantFrom({ 'a~1b': 'set' }, { 'hello-added': 'OK' })),
      onConflict: fc.constantFrom('skip' as const, 'skip' as const, 'deny' as const),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) =>
    list.map(({ selector, source, volumeName, mountPath, env, readOnly, subPath, exclude, ...rest }, index) => {
      const { labels, annotations, onConflict } = rest;
      const configMap = { name: volumeName === 'hello-volume' ? 'hello-configmap' : volumeName };
      const volume = { name: volumeName, ...(volumeName === 'data' ? { emptyDir: {} } : { configMap }) };
      return withDefaults({
        name: `injection-${index}`,
        selector,
        ...(source === 'files' && { files: { 'hello.txt': 'hello' } }),
        ...(source === 'volume' && { volume }),
        ...(source !== 'none' && {
          mounts: mountPath.map((one) => ({ mountPath: one, readOnly, ...(subPath && { subPath }) })),
        }),
        env: inOrder(env).map((name) => ({ name, ...variables[name] })),
        ...(exclude && { containers: { exclude: [exclude] } }),
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        onConflict,
      });
    }),
  )
  .filter((list) => laterVariableProblems(list).length === 0);

/** As `variables` has them, where none refers to a later one. */
function inOrder(names: readonly string[]): string[] {
  return Object.keys(variables).filter((name) => names.includes(name));
}
