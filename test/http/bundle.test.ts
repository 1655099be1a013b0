import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';
import { startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

import { bundleIn, bundleWithCodeCache, pod, prefix, root, start, untilHealthy } from '../support/function-process.ts';

describe('the bundle', () => {
  const leftOut = /client-node|mocha|chai|injections\.yaml|ajv\/dist\/(?!runtime)|express\/|body-parser\//;

  it('holds neither what is needed seldom, nor what is needed to build or to test it', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const inputs = await bundleFunction(temporaryDirectory(prefix, cleanup));
    expect(inputs).to.include('function/start.ts');
    expect(inputs.filter((input) => leftOut.test(input))).to.deep.equal([]);
  });

  it('is the same, byte for byte, each time it is made', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const [one, other] = [temporaryDirectory(prefix, cleanup), temporaryDirectory(prefix, cleanup)];
    await bundleFunction(one);
    await bundleFunction(other);
    const contents = (directory: string) =>
      readdirSync(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')]);
    expect(contents(one).map(([file]) => file)).to.include.members(['function.cjs', 'start.cjs']);
    expect(contents(one)).to.deep.equal(contents(other));
  });

  it('loads the access to the cluster where an injection asks for it', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    await bundleFunction(directory);
    const file = join(directory, 'injections.yaml');
    const hello = await readFile(join(root, 'function/injections/injections.yaml'), 'utf8');
    await writeFile(file, `${hello}    ensure: true\n`);
    const { url } = await start(cleanup, [join(directory, 'start.cjs')], directory, { INJECTIONS: file });
    const answer = await fetch(`${url}/mutate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(admissionReview(pod)),
    });
    const { response } = (await answer.json()) as { response: { warnings: string[] } };
    expect(response.warnings).to.deep.equal([
      'ConfigMap hello-configmap is not ensured: the function has no access to the API: apply the component ensure',
    ]);
  });

  it("serves those who call with a caller's token, and nobody else; the token stays out of the log", async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleIn(directory);
    const token = 'swordfish'.repeat(5);
    const file = join(directory, 'tokens');
    await writeFile(file, token);
    const { url, child } = await start(cleanup, [entry], directory, { CALLER_TOKENS: file });
    const body = JSON.stringify(admissionReview(pod));
    const headers = { 'Content-Type': 'application/json' };
    const statusOf = async (path: string, method = 'POST') =>
      (await fetch(url + path, { method, headers, ...(method === 'POST' && { body }) })).status;
    expect(await statusOf(`/mutate/${token}?timeout=10s`)).to.equal(200);
    expect(await statusOf('/healthz', 'GET')).to.equal(200);
    for (const path of ['/mutate', '/mutate/', `/mutate/${token}x`, `/mutate/x/${token}`, `/${token}`]) {
      expect([path, await statusOf(path), await statusOf(path, 'GET')]).to.deep.equal([path, 404, 404]);
    }
    // Refused before its body has come.
    const sent = request(`${url}/mutate`, { method: 'POST', headers: { ...headers, 'Content-Length': 1000 } });
    sent.flushHeaders();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(answer.statusCode).to.equal(404);
    sent.destroy();
    expect(child.lines.join('\n')).not.to.contain('swordfish');
  });

  it('has Node load nothing that takes long, until it has answered a first caller with a token', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleWithCodeCache(directory);
    const [tokens, loaded] = [join(directory, 'tokens'), join(directory, 'loaded.cjs')];
    await writeFile(tokens, 't'.repeat(32));
    await writeFile(loaded, 'process.once("exit", () => console.log(JSON.stringify(process.moduleLoadList)))');
    const { url, child } = await start(cleanup, ['--require', loaded, entry], directory, {
      INJECTIONS: join(root, 'function/injections/injections.yaml'),
      CALLER_TOKENS: tokens,
    });
    const { status } = await fetch(`${url}/mutate/${'t'.repeat(32)}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(admissionReview(pod)),
    });
    expect(status).to.equal(200);
    child.signal('SIGTERM');
    const modules = await child.waitFor((line): string[] | undefined =>
      line.startsWith('[') ? JSON.parse(line) : undefined,
    );
    expect(modules).to.include('NativeModule http');
    const slow = /^NativeModule (crypto|perf_hooks|zlib|https|readline|worker_threads)$/;
    expect(modules.filter((name) => slow.test(name))).to.deep.equal([]);
  });

  it('reviews an injection with a namespaceSelector only where the path names it, and says which there are', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const file = join(directory, 'injections.yaml');
    await writeFile(
      file,
      'injections: [{name: ca, namespaceSelector: {matchLabels: {ca: a}}, env: [{name: A, value: a}]}]',
    );
    const { url } = await start(cleanup, [await bundleIn(directory)], directory, { INJECTIONS: file });
    const send = async (path: string) => {
      const body = JSON.stringify(admissionReview(pod));
      const answer = await fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      return (await answer.json()) as { response: { patch?: string }; message: string };
    };
    expect((await send('/mutate')).response).not.to.have.property('patch');
    expect((await send('/mutate/ca?timeout=10s')).response).to.have.property('patch');
    expect((await send('/mutate/other')).message).to.match(/not found: .*those that have one are ca$/);
  });

  it('starts without its code cache where that is damaged, and says so', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleWithCodeCache(directory);
    const [cache = ''] = readdirSync(directory).filter((file) => file.endsWith('.cache'));
    const content = readFileSync(join(directory, cache));
    content.fill(0xff, content.length / 2, content.length / 2 + 1000);
    await writeFile(join(directory, cache), content);
    const { child } = await start(cleanup, [entry], directory);
    await child.waitFor((line) => line.includes('the code cache is damaged: starting without it') || undefined);
  });

  it('says in a line what is wrong with PORT, and ends with 1', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleIn(directory);
    const { url } = await start(cleanup, [entry], directory);
    const taken = new URL(url).port;
    const linesWith = async (PORT: string) => {
      const child = startChild(process.execPath, [entry], { cleanup, cwd: directory, env: { PORT } });
      expect(await child.exit).to.equal(1);
      return child.lines.filter((line) => !line.startsWith('{'));
    };
    expect(await linesWith('65536')).to.deep.equal(['PORT must be a number up to 65535, not 65536']);
    expect(await linesWith('http')).to.deep.equal(['PORT must be a number up to 65535, not http']);
    expect(await linesWith(taken)).to.deep.equal([`listen EADDRINUSE: address already in use :::${taken}`]);
  });

  it('serves on where its log cannot be written: its reader gone, its disk full; and opens no inspector on SIGUSR1', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleIn(directory);
    for (const target of ['> /dev/full', '| true']) {
      const [port] = await freePorts(1);
      const script = `sh -c 'echo $$ > pid; exec "$NODE" "${entry}"' ${target}; sleep 60`;
      const env = { PATH: process.env.PATH, NODE: process.execPath, PORT: String(port) };
      const child = spawn('sh', ['-c', script], {
        cwd: directory,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      cleanup.defer(() => void process.kill(-(child.pid ?? 0), 'SIGKILL'));
      const errors: string[] = [];
      child.stderr.on('data', (chunk) => errors.push(String(chunk)));
      const url = `http://127.0.0.1:${port}`;
      await untilHealthy(url);
      process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGUSR1');
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify(admissionReview(pod));
      for (let time = 0; time < 5; time++) {
        expect((await fetch(`${url}/mutate`, { method: 'POST', headers, body })).status).to.equal(200);
      }
      expect(errors).to.deep.equal([]);
    }
  });

  it('starts without its code cache where that cannot be read, and says so', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleWithCodeCache(directory);
    const [cache = ''] = readdirSync(directory).filter((file) => file.endsWith('.cache'));
    await rm(join(directory, cache));
    mkdirSync(join(directory, cache));
    const { child } = await start(cleanup, [entry], directory);
    await child.waitFor(
      (line) => line.includes('the code cache cannot be read: starting without it: EISDIR') || undefined,
    );
  });

  it('loses no line of its log to a slow reader when it is told to end', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const [port] = await freePorts(1);
    const entry = await bundleIn(directory);
    // A pipe of the shell's, since Node waits for what it writes into one of its own.
    const script = `sh -c 'echo $$ > pid; exec "$NODE" "${entry}"' | { until [ -e go ]; do sleep 0.1; done; cat; }`;
    const env = { PATH: process.env.PATH, NODE: process.execPath, PORT: String(port) };
    const child = spawn('sh', ['-c', script], { cwd: directory, env, stdio: ['ignore', 'pipe', 'ignore'] });
    cleanup.defer(() => void child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    await untilHealthy(url);
    const body = JSON.stringify(admissionReview(pod));
    const headers = { 'Content-Type': 'application/json' };
    const send = async () => (await fetch(`${url}/mutate`, { method: 'POST', headers, body })).text();
    // More than the pipe holds.
    for (let batch = 0; batch < 50; batch++) await Promise.all(Array.from({ length: 100 }, send));
    const agent = new Agent({ keepAlive: true });
    const [answer] = (await once(request(`${url}/healthz`, { agent }).end(), 'response')) as [IncomingMessage];
    const idle = answer.socket;
    await once(answer.resume(), 'end');
    process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGTERM');
    // The last connection is kept for a while; with it ends all that is waited for but the log.
    await once(idle, 'close');
    writeFileSync(join(directory, 'go'), '');
    const output = await text(child.stdout);
    expect(output.match(/"decision":"injected"/g)).to.have.length(5000);
  });

  it('starts without its code cache where that is of other flags, and says so', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(prefix, cleanup);
    const entry = await bundleWithCodeCache(directory);
    const refusedCache = (line: string) => line.includes('the code cache is of another Node') || undefined;
    const same = await start(cleanup, [entry], directory);
    await same.child.waitFor((line) => line.includes('listening') || undefined);
    expect(same.child.lines.some(refusedCache)).to.equal(false);
    // What V8 checks of another Node, too: a hash of its version and flags.
    const other = await start(cleanup, ['--no-opt', entry], directory);
    await other.child.waitFor(refusedCache);
  });
});
