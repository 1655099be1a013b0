import { admissionReview } from '../local/admission-review.ts';

const MiB = 2 ** 20;
const labels = { hello: 'true' };
const container = { name: 'app', image: 'app:1' };

/** An AdmissionReview with a text put, again and again, where its Pod has `"HERE"`, so that it has so many bytes. */
function filled(pod: object, text: string, bytes: number): string {
  const [before, after] = JSON.stringify(admissionReview(pod)).split('"HERE"') as [string, string];
  const times = Math.floor((bytes - before.length - after.length) / (text.length + 1));
  return before + Array(times).fill(text).join(',') + after;
}

export const podWith = (spec: object) => ({ metadata: { labels }, spec: { containers: [container], ...spec } });
function withHere(spec: object, texts: string[]): string {
  return JSON.stringify(admissionReview(podWith(spec))).replace('"HERE"', texts.join(','));
}

const taken = '{"name":"a","volumeMounts":[{"name":"b","mountPath":"/etc/config"}]}';
const manyLabels = Object.fromEntries(Array.from({ length: 300_000 }, (_, index) => [`l${index}`, '']));
const severalShapes = Array.from({ length: 80_000 }, (_, index) => `{"key${index}":{}}`);

/** Bodies that cost more than their length tells, and what they are answered with. */
export const hostileBodies: [title: string, body: () => string, status: number][] = [
  ['containers with nothing but a name', () => filled(podWith({ containers: ['HERE'] }), '{"name":"a"}', 2 * MiB), 413],
  ['lists in lists', () => '['.repeat(4.8 * MiB), 400],
  ['maps in maps', () => '{"a":'.repeat(MiB), 400],
  ['empty objects in an unknown field', () => filled(podWith({ unknown: ['HERE'] }), '{}', 7 * MiB), 413],
  ['numbers in an unknown field', () => filled(podWith({ unknown: ['HERE'] }), '1', 7 * MiB), 413],
  ['one number of many digits', () => filled(podWith({ unknown: 'HERE' }), '1'.repeat(6.9 * MiB), 7 * MiB), 200],
  ['volumes that are empty', () => filled(podWith({ volumes: ['HERE'] }), '{}', 7 * MiB), 413],
  [
    '300,000 labels',
    () => JSON.stringify(admissionReview({ ...podWith({}), metadata: { labels: { ...labels, ...manyLabels } } })),
    413,
  ],
  [
    '100,000 labels',
    () =>
      JSON.stringify(
        admissionReview({
          ...podWith({}),
          metadata: { labels: { ...labels, ...Object.fromEntries(Object.entries(manyLabels).slice(0, 100_000)) } },
        }),
      ),
    413,
  ],
  ['conflicting containers', () => filled(podWith({ containers: ['HERE'] }), taken, 7 * MiB), 413],
  ['as many conflicting containers as may be', () => withHere({ containers: ['HERE'] }, Array(1_000).fill(taken)), 200],
  ['as many different objects as may be', () => withHere({ unknown: ['HERE'] }, severalShapes), 200],
  [
    'a text of escapes',
    () => filled(podWith({ unknown: ['HERE'] }), `"${'\\u00e4\\ud83d\\ude00'.repeat(64)}"`, 7 * MiB),
    200,
  ],
  [
    'a path of slashes',
    () =>
      JSON.stringify(
        admissionReview(
          podWith({ containers: [{ ...container, volumeMounts: [{ name: 'b', mountPath: '/'.repeat(3 * MiB) }] }] }),
        ),
      ),
    200,
  ],
];
