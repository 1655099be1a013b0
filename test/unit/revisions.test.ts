import { expect } from 'chai';
import { deployedAt } from '../../scripts/install/deployed-injections.ts';
import { readEarlier } from '../../scripts/install/earlier-injections.ts';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import type { RevisionSpec } from '../../scripts/install/knative-service.ts';
import { ApiError, type KubernetesApi } from '../../scripts/kubernetes/client.ts';

const specOf = (configMap: string): RevisionSpec => ({
  containers: [{ image: 'a' }],
  volumes: [{ name: 'v', configMap: { name: configMap } }],
});
const revision = (configMap: string, day: number) => ({
  metadata: { name: `${configMap}-${day}`, creationTimestamp: `2026-11-0${day}T00:00:00Z` },
  spec: specOf(configMap),
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});
const injections = (name: string) =>
  `injections: [{name: ${name}, selector: {matchLabels: {a: b}}, volume: {name: v, configMap: {name: c}}, mount: {mountPath: /a}}]`;

/** An API server with these revisions, and ConfigMaps whose data was written on November 1st; some may not be read. */
function apiWith(revisions: object[], forbidden: string[] = []): KubernetesApi {
  const send = async (_: string, path: string) => {
    const configMap = /configmaps\/(.*)$/.exec(path)?.[1];
    if (forbidden.some((name) => path.includes(name))) throw new ApiError('forbidden', 403);
    const managedFields = [{ time: '2026-11-01T00:00:00Z', fieldsV1: { 'f:data': {} } }];
    const data = { 'injections.yaml': injections(configMap ?? '') };
    return { object: configMap ? { metadata: { managedFields }, data } : { kind: 'RevisionList', items: revisions } };
  };
  return { send } as unknown as KubernetesApi;
}

describe('the injections that serve', () => {
  const deployed = async (revisions: object[], forbidden?: string[]) =>
    (await deployedAt(apiWith(revisions, forbidden), defaultInstallation, specOf('a')))?.toISOString().slice(0, 10);

  it('were deployed when their ConfigMap was written', async () => {
    expect(await deployed([])).to.equal('2026-11-01');
    expect(await deployed([revision('a', 2), revision('a', 3)])).to.equal('2026-11-01');
    expect(await deployed([revision('b', 2)], ['revisions'])).to.equal('2026-11-01');
  });

  it('were deployed, where others served in between, with the first revision that came back to them', async () => {
    const back = [revision('a', 2), revision('b', 3), revision('a', 4), revision('a', 5)];
    expect(await deployed(back)).to.equal('2026-11-04');
  });
});

describe('the injections that served earlier', () => {
  it('are known as far as their ConfigMaps may be read', async () => {
    const api = apiWith([revision('c', 2), revision('b', 3), revision('a', 4)], ['configmaps/b']);
    const earlier = await readEarlier(api, defaultInstallation, specOf('a'));
    expect(earlier.map(({ name }) => name)).to.deep.equal(['c']);
  });
});
