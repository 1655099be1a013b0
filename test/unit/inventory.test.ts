import { expect } from 'chai';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import { listForeign } from '../../scripts/install/inventory.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';

/** An API server with these objects, by the last part of their path. */
function apiWith(objects: Record<string, object[]>): KubernetesApi {
  const send = async (_: string, path: string) => {
    const [, resource = ''] = /\/(\w+)\?/.exec(path) ?? [];
    return { object: { apiVersion: 'v1', kind: `${resource}List`, items: objects[resource] ?? [] }, warnings: [] };
  };
  return { send } as unknown as KubernetesApi;
}

const owned = (name: string, uid: string, owner: string) => ({
  metadata: { name, uid, ownerReferences: [{ uid: owner }] },
});

describe("what the function's namespace holds of others", () => {
  it("is neither a CronJob's Job, once that is deleted, nor the Job's Pods", async () => {
    const api = apiWith({
      jobs: [owned('sync-1', 'job', 'cron-job'), owned('theirs', 'their-job', 'their-cron-job')],
      pods: [owned('sync-1-x', 'pod', 'job'), owned('theirs-x', 'their-pod', 'their-job')],
    });
    const foreign = await listForeign(api, defaultInstallation, new Set(['cron-job']));
    expect(foreign.map(({ metadata }) => metadata.name)).to.deep.equal(['theirs', 'theirs-x']);
  });
});
