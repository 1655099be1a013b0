import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleFunction } from '../build/bundle-function.ts';
import { type Child, startChild } from '../local/child.ts';
import { freePorts } from '../local/free-ports.ts';
import { connectCaller } from './wire.ts';

/** A way to serve reviews on PORT. */
export interface Subject {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
}

export interface Subjects {
  /** The least there could be on Node: what the others are measured by. */
  bare: Subject;
  /** The function as the image has it, with its default injections. */
  ours: Subject;
  /** The same, reading its injections from a file of YAML as on a cluster. */
  configured: Subject;
  /** The function's source, by the command line of the functions framework. */
  framework: Subject;
  /** The webhook of the tutorial, in Go; absent where there is no Go. */
  tutorial?: Subject;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds what is to be built of them, in `directory`. */
export async function prepareSubjects(directory: string): Promise<Subjects> {
  const node = process.execPath;
  await bundleFunction(directory);
  await promisify(execFile)(node, [join(directory, 'make-code-cache.cjs')]);
  const start = join(directory, 'start.cjs');
  const cli = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
  const tutorial = buildTutorial(join(directory, 'tutorial'));
  return {
    bare: { name: 'bare node:http', command: node, args: [join(root, 'scripts/bench/bare-server.cjs')] },
    ours: { name: 'the function', command: node, args: [start] },
    configured: {
      name: 'the function, INJECTIONS set',
      command: node,
      args: [start],
      env: { INJECTIONS: join(root, 'function/injections/injections.yaml') },
    },
    framework: {
      name: 'functions-framework, source',
      command: node,
      args: [cli, `--source=${join(root, 'function/index.ts')}`, '--target=mutate'],
    },
    ...(tutorial && { tutorial: { name: 'the tutorial in Go', command: tutorial, args: [] } }),
  };
}

/** The program's file; undefined without Go. It has no dependencies, so nothing is downloaded. */
function buildTutorial(file: string): string | undefined {
  const env = { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
  const { error, status, stderr } = spawnSync('go', ['build', '-trimpath', '-o', file, '.'], {
    cwd: join(root, 'scripts/bench/tutorial'),
    env,
    encoding: 'utf8',
  });
  if (error) return undefined;
  if (status !== 0) throw new Error(`go build failed: ${stderr}`);
  return file;
}

export interface Running {
  child: Child;
  port: number;
  /** When it was started, by `performance.now()`. */
  started: number;
}

/** Starts a subject on a free port, with flags before the arguments; it need not listen yet. */
export async function startSubject(
  { command, args, env }: Subject,
  cleanup: AsyncDisposableStack,
  flags: string[] = [],
): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const ownEnv = { PATH: process.env.PATH, NODE_ENV: 'production', ...env, PORT: String(port) };
  const started = performance.now();
  return { child: startChild(command, [...flags, ...args], { cleanup, env: ownEnv }), port, started };
}

/** The first answer to a request. Throws with the output's end where the subject has ended before. */
export async function firstAnswer({ child, port }: Running, request: Buffer): Promise<string> {
  const attempt = async (): Promise<string> => {
    for (;;) {
      const caller = await connectCaller(port).catch(() => undefined);
      if (caller) {
        const answer = await caller.send(request);
        caller.close();
        return answer.toString();
      }
      await delay(1);
    }
  };
  return Promise.race([attempt(), child.failure]);
}
