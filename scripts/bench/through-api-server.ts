import { webhookConfigurations } from '../install/registration.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import { startApiServer } from '../local/api-server.ts';
import { createCertificateAuthority } from '../local/certificate-authority.ts';
import { findControlPlane, waysToGetOne } from '../local/control-plane.ts';
import { startGateway } from '../local/function-server.ts';
import type { Progress } from '../terminal/progress.ts';
import { podOf, reviewOf, usualPod } from './reviews.ts';
import { inTurn } from './rounds.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { firstAnswer, type Subject, startSubject } from './subjects.ts';
import { postOf } from './wire.ts';

/** How long the creation of a Pod takes, in ms, with no webhook and with each subject as one. */
export interface Creations {
  origin: string;
  without: Spread;
  with: { name: string; ms: Spread; added: Spread }[];
}

const rounds = 200;

/**
 * Creates Pods on a real API server, in turn with no webhook and with each subject, behind TLS as a gateway ends it.
 * Undefined where no API server can be had.
 */
export async function measureCreations(
  subjects: readonly Subject[],
  progress: Progress,
): Promise<Creations | undefined> {
  await using cleanup = new AsyncDisposableStack();
  // What cannot be built, without a network for example, is no reason to lose the other parts.
  const controlPlane = await findControlPlane({ progress, cleanup, isMeasured: true }).catch(({ message }) =>
    console.error(message),
  );
  if (!controlPlane) {
    console.error(`no real API server: to get one, ${waysToGetOne}`);
    return undefined;
  }
  progress('starting an API server');
  const { api } = await startApiServer(controlPlane, cleanup);
  const ca = await createCertificateAuthority('hello-webhook benchmark');
  for (const [index, subject] of subjects.entries()) {
    const running = await startSubject(subject, cleanup);
    await firstAnswer(running, postOf(reviewOf(usualPod)));
    const port = await startGateway(cleanup, await ca.issueForLocalhost(), running.port);
    const at = { name: `bench-${index}`, url: `https://127.0.0.1:${port}/mutate`, caCert: ca.cert };
    const injections = [{ name: 'hello', selector: { matchLabels: { bench: String(index) } } }];
    const body = webhookConfiguration(at, injections, { failurePolicy: 'Fail' });
    await api.send('POST', webhookConfigurations, { body });
  }
  const create = async (bench: string): Promise<{ ms: number; isInjected: boolean }> => {
    const pod = podOf(4, 24) as { metadata: { labels: object } };
    const body = { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, bench } } };
    const started = performance.now();
    const { object } = await api.send('POST', '/api/v1/namespaces/default/pods', { body });
    return { ms: performance.now() - started, isInjected: object.metadata.labels?.['hello-added'] === 'OK' };
  };
  for (const index of subjects.keys()) while (!(await create(String(index))).isInjected);
  const times: number[][] = [[], ...subjects.map(() => [])];
  for (let round = 0; round < rounds; round++) {
    progress(`creating Pods on an API server: ${round} of ${rounds}`);
    for (const [index, list] of inTurn(times, round))
      list.push((await create(index === 0 ? 'none' : String(index - 1))).ms);
  }
  const [without = [], ...others] = times;
  return {
    origin: controlPlane.origin,
    without: spreadOf(without),
    with: others.map((list, index) => ({
      name: subjects[index]?.name ?? '',
      ms: spreadOf(list),
      added: spreadOf(list.map((ms, round) => ms - (without[round] ?? 0))),
    })),
  };
}
