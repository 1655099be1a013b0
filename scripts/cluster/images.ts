import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createImageArchive, type Image } from './image-archive.ts';
import type { Namespaces } from './namespaces.ts';
import { fileOf, type ProgramName, versionOf } from './programs.ts';
import { stateDirectory } from './state.ts';

/** The registry of what is on the node alone; Knative does not resolve its tags. */
export const localRegistry = 'dev.local';

/** The image that holds a Pod's namespaces. */
export const pauseImage = `${localRegistry}/pause:cluster`;

/** One in which /var/run is a link to /run, as in most: the LINKED_IMAGE of test/e2e/mounts. */
export const linkedImage = `${localRegistry}/linked:cluster`;

/** The function's image on the node. */
export const functionImage = `${localRegistry}/hello-webhook:cluster`;

/** Where each program is in the image that its manifest is for. */
const programPlaces = {
  'serving-controller': '/ko-app/controller',
  'serving-webhook': '/ko-app/webhook',
  'serving-activator': '/ko-app/activator',
  'serving-autoscaler': '/ko-app/autoscaler',
  'serving-queue': '/ko-app/queue',
  'net-gateway-api-controller': '/ko-app/controller',
  contour: '/bin/contour',
  envoy: '/usr/local/bin/envoy',
  'cert-manager-controller': '/app/controller',
  'cert-manager-cainjector': '/app/cainjector',
  'cert-manager-webhook': '/app/webhook',
} satisfies Partial<Record<ProgramName, string>>;

export type PodProgram = keyof typeof programPlaces;

/** The name of a program's image. */
export function imageOf(program: PodProgram): string {
  return `${localRegistry}/${program}:${versionOf(program)}`;
}

/** Makes an image of local files, and loads it on the node. */
export async function loadImage(image: Image, node: Namespaces): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const archive = await createImageArchive(image, stateDirectory, cleanup);
  await node.run(['ctr', '--namespace', 'k8s.io', 'images', 'import', '-'], archive);
}

/** What Pods need on any node, and what the tests' and the demo's Pods run. */
export async function nodeImages(): Promise<Image[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v busybox && busybox --list']);
  const [file = '', ...commands] = stdout.trim().split('\n');
  const busybox = '/bin/busybox';
  const files = { [busybox]: file };
  const links = Object.fromEntries(
    commands.filter((name) => name !== 'busybox').map((name) => [`/bin/${name}`, busybox]),
  );
  return [
    { name: pauseImage, files, entrypoint: [busybox, 'sleep', '2147483647'] },
    { name: 'docker.io/library/busybox:1.36', files, links, cmd: ['sh'] },
    { name: linkedImage, files, links: { ...links, '/var/run': '/run' }, cmd: ['sh'] },
  ];
}

/** Of the programs of Knative, its gateway and cert-manager. */
export function programImages(): Image[] {
  return Object.entries(programPlaces).map(([name, place]) => {
    const program = name as PodProgram;
    return { name: imageOf(program), files: { [place]: fileOf(program) }, entrypoint: [place], user: '65532' };
  });
}
