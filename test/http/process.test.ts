import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { admissionReview } from '../../scripts/local/admission-review.ts';
import { startChild } from '../../scripts/local/child.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

import { bundleIn, pod, prefix, root, ways } from '../support/function-process.ts';

/** The ways that are ours from start to end; the command line of the framework has its own. */
for (const [title, startServer] of ways.slice(0, 3)) {
  describe(`the function as a process, ${title}`, () => {
    it('answers what is under way when it is told to end, and ends with 0', async function () {
      this.timeout(60_000);
      await using cleanup = new AsyncDisposableStack();
      const { child, url } = await startServer(cleanup);
      const body = JSON.stringify(admissionReview(pod));
      // The 100 says that the request has arrived.
      const headers = { 'Content-Type': 'application/json', Expect: '100-continue' };
      const sent = request(`${url}/mutate`, { method: 'POST', headers });
      sent.flushHeaders();
      await once(sent, 'continue');
      sent.write(body.slice(0, 100));
      child.signal('SIGTERM');
      await child.waitFor((line) => line.includes('draining') || undefined);
      sent.end(body.slice(100));
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect([answer.statusCode, answer.headers.connection]).to.deep.equal([200, 'close']);
      expect(await child.exit).to.equal(0);
    });

    it('answers what still comes on an open connection when it is told to end', async function () {
      this.timeout(60_000);
      await using cleanup = new AsyncDisposableStack();
      const { child, url } = await startServer(cleanup);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      cleanup.defer(() => agent.destroy());
      const healthz = async () => {
        const [answer] = (await once(request(`${url}/healthz`, { agent }).end(), 'response')) as [IncomingMessage];
        await once(answer.resume(), 'end');
        return [answer.statusCode, answer.headers.connection];
      };
      expect(await healthz()).to.deep.equal([200, 'keep-alive']);
      child.signal('SIGTERM');
      await child.waitFor((line) => line.includes('draining') || undefined);
      expect(await healthz()).to.deep.equal([200, 'close']);
      expect(await child.exit).to.equal(0);
    });

    it('answers on a connection that is opened in the moment when it is told to end', async function () {
      this.timeout(60_000);
      await using cleanup = new AsyncDisposableStack();
      const { child, url } = await startServer(cleanup);
      child.signal('SIGTERM');
      await child.waitFor((line) => line.includes('draining') || undefined);
      const answer = await fetch(`${url}/healthz`);
      expect([answer.status, answer.headers.get('connection')]).to.deep.equal([200, 'close']);
      expect(await child.exit).to.equal(0);
    });

    it('ends only once, however often it is told to', async function () {
      this.timeout(60_000);
      await using cleanup = new AsyncDisposableStack();
      const { child, url } = await startServer(cleanup);
      const headers = { 'Content-Type': 'application/json', Expect: '100-continue' };
      const sent = request(`${url}/mutate`, { method: 'POST', headers });
      sent.flushHeaders();
      await once(sent, 'continue');
      for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) child.signal(signal);
      await child.waitFor((line) => line.includes('draining') || undefined);
      sent.end(JSON.stringify(admissionReview(pod)));
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect(answer.statusCode).to.equal(200);
      expect(await child.exit).to.equal(0);
    });

    it('does not start with a bad configuration, and says all that is wrong with it', async () => {
      await using cleanup = new AsyncDisposableStack();
      const directory = temporaryDirectory(prefix, cleanup);
      const file = join(directory, 'injections.yaml');
      await writeFile(file, 'injections:\n  - {name: Bad, selector: {}}\n');
      const args = title === 'from source' ? [join(root, 'function/start.ts')] : [await bundleIn(directory)];
      const child = startChild(process.execPath, args, { cleanup, env: { INJECTIONS: file } });
      expect(await child.exit).to.equal(1);
      expect(child.lines).to.deep.equal([
        `${file}:2:5: injections[0].volume: is required, unless there are files or env`,
        `${file}:2:6: injections[0].name: must be at most 63 lower case letters, digits and '-'`,
        `${file}:2:17: injections[0].selector: must not be empty, or it would select every Pod: give matchLabels or matchExpressions`,
      ]);
    });
  });
}
