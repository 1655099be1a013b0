import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHandler } from '../../function/http/handler.ts';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { review } from '../../function/review/review.ts';
import { serverOf } from '../../function/runtime/server.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';
import { pod } from '../support/arbitraries.ts';

/** JSON with something else put at one of its places. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  return fc.tuple(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 })).map(([place, replacement]) => {
    const copy = structuredClone({ value });
    let node: Record<string, unknown> = copy;
    for (const key of place.slice(0, -1)) node = node[key] as Record<string, unknown>;
    node[place.at(-1) ?? ''] = replacement;
    return copy.value;
  });
}

function placesIn(value: unknown, place: string[] = ['value']): string[][] {
  const keys = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [place, ...keys.flatMap(([key, child]) => placesIn(child, [...place, key]))];
}

const operation = fc.constantFrom<object>(
  {},
  { operation: 'UPDATE', subResource: 'ephemeralcontainers' },
  { operation: 'DELETE' },
);
const body = fc.oneof(
  fc.jsonValue(),
  fc.tuple(pod, operation).chain(([object, request]) => spoilt(admissionReview(object, request))),
);

describe('every body', () => {
  const server = serverOf(createHandler({ decide: (request) => review(request, defaultInjections), log: () => {} }));
  before(() => listen(server));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is answered with an AdmissionReview or a 400 whose metav1.Status says why, never with 500', async () => {
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const answer = await post(server, JSON.stringify(value));
        const json = (await answer.json()) as { kind: string; message?: string; response?: object };
        if (answer.status === 200) expect(json.response).to.include({ allowed: true });
        else expect([answer.status, json.kind, typeof json.message]).to.deep.equal([400, 'Status', 'string']);
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
    );
  });

  it('is answered with 500 where we have a bug, the stack in the log alone', async () => {
    const records: Record<string, unknown>[] = [];
    const broken = serverOf(
      createHandler({
        decide: () => {
          throw new Error('a bug');
        },
        log: (severity, message, fields) => records.push({ severity, message, ...fields }),
      }),
    );
    await listen(broken);
    const answer = await post(broken, JSON.stringify(admissionReview({ spec: { containers: [] } })));
    expect(answer.status).to.equal(500);
    expect(await answer.json()).to.include({ kind: 'Status', message: 'internal error of hello-webhook, see its log' });
    const [record] = records;
    expect(record).to.include({ severity: 'ERROR', decision: 'error' });
    expect(record?.stack).to.match(/a bug\n +at /);
    broken.closeAllConnections();
    broken.close();
  });
});

async function listen(server: Server): Promise<void> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
}

function post(server: Server, text: string): Promise<Response> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'Content-Type': 'application/json' };
  return fetch(`http://127.0.0.1:${port}/mutate`, { method: 'POST', headers, body: text });
}
