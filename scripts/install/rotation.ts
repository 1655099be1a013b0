import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionregistrationV1WebhookClientConfig as ClientConfig } from '@kubernetes/client-node';
import type { CallerTokens } from '../../function/http/caller-tokens.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { commandLine } from '../terminal/command-line.ts';
import { ok, warning } from '../terminal/finding.ts';
import { callerTokensSecret, callerTokensSecretOf, segmentsOf } from './caller-tokens.ts';
import type { Changes } from './changes.ts';
import type { Installation } from './installation.ts';
import type { KnativeService } from './knative-service.ts';
import { probeReach } from './probe.ts';
import { caFromOf } from './registration.ts';
import { rollOut } from './rollout.ts';
import type { Target } from './target.ts';
import { entriesOf } from './webhook-configuration.ts';

/** Who is served while a webhook configuration gets a token, and who is served after that. */
export interface Rotation {
  /** What the webhook configuration is to call with. */
  token: string;
  /** Until each API server uses it: the token that is called with now, and callers without one where it is called without. */
  during: CallerTokens;
  after: CallerTokens;
}

/**
 * How the callers' tokens become what they are to be: the one that is held first, or a new one where there is none or one
 * is asked for. `called` are the places that the webhook configuration of now calls.
 */
export function rotationOf(
  held: CallerTokens | undefined,
  called: readonly ClientConfig[],
  { isNew, create = createCallerToken }: { isNew: boolean; create?: () => string },
): Rotation {
  const [first] = held?.tokens ?? [];
  const token = first === undefined || isNew ? create() : first;
  const calledWith = called.map((place) => {
    const [segment] = segmentsOf(place) ?? [];
    return held?.tokens.find((one) => one === segment);
  });
  const tokens = new Set([token, ...calledWith.filter((one) => one !== undefined)]);
  return {
    token,
    during: { tokens: [...tokens], isOpen: calledWith.includes(undefined) },
    after: { tokens: [token], isOpen: false },
  };
}

/** A new token: 256 bits. */
export function createCallerToken(): string {
  return randomBytes(32).toString('hex');
}

/**
 * These objects with the Secret of a rotation, and the function in a new revision where the token is another: a Pod that
 * runs has a changed Secret a minute late, a Pod that starts has it at once.
 */
export function withCallerTokens(
  objects: readonly KubernetesObject[],
  installation: Installation,
  { token, during }: Rotation,
): KubernetesObject[] {
  const isNamespace = ({ kind }: KubernetesObject) => kind === 'Namespace';
  return [
    ...objects.filter(isNamespace),
    callerTokensSecretOf(installation, during),
    ...objects.filter((object) => !isNamespace(object)).map((object) => withAnnotation(object, token)),
  ];
}

function withAnnotation(object: KubernetesObject, token: string): KubernetesObject {
  if (object.kind !== 'Service' || !object.apiVersion.startsWith('serving.')) return object;
  const service = structuredClone(object) as KubernetesObject & KnativeService;
  const { template } = service.spec;
  const annotations = { ...template.metadata?.annotations, 'hello-webhook/caller-token': fingerprintOf(token) };
  template.metadata = { ...template.metadata, annotations };
  return service;
}

/** Names a token without telling it: by 32 bits of a hash of its 256. */
function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}

/** How long an entry's call may take, on its way to a function that starts; and 5 s for other API servers to see the entry. */
const settleMs = 20_000;

/**
 * Ends a rotation whose webhook configuration is registered: who was served until then is served no longer, once the API
 * server uses the configuration and no call with the former token is under way.
 */
export async function endRotation(
  target: Target,
  { during, after }: Rotation,
  { webhook, probeNamespace, changes }: { webhook: KubernetesObject; probeNamespace: string; changes: Changes },
): Promise<void> {
  if (isDeepStrictEqual(during, after)) return;
  const { api, installation, progress, cleanup, report } = target;
  const [entry] = entriesOf(webhook);
  const probe = { ...installation, clientConfig: entry?.clientConfig ?? {}, caFrom: caFromOf(webhook), probeNamespace };
  // An API server that uses the probe's webhook configuration uses those that were written before, too.
  const probed = await probeReach(api, probe, { progress, cleanup });
  const { name } = callerTokensSecret;
  if ('failure' in probed) {
    const text = `Secret ${name} keeps what was served before, since the function was not reached: ${probed.failure}`;
    return report('Caller token', warning(text, commandLine('deploy')));
  }
  progress('waiting for calls that have begun with what was served before');
  await delay(settleMs);
  progress();
  await rollOut(target, [callerTokensSecretOf(installation, after)], changes);
  const former = during.isOpen ? 'callers without one' : 'the former one';
  report(
    'Caller token',
    ok(`that of Secret ${name} alone is served, ${former} for a minute more where the function runs`),
  );
}
