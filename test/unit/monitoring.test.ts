import { expect } from 'chai';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { requireKubectl } from '../support/definitions.ts';
import { kustomized, OutsideFolder } from '../support/overlay.ts';

describe('the monitoring component', () => {
  before(function () {
    requireKubectl(this);
  });

  it('watches the entries of the very installation, and reads in its dashboard what its rules record', async () => {
    await using cleanup = new AsyncDisposableStack();
    const folder = new OutsideFolder(cleanup);
    folder.writeOverlay({ components: [folder.manifest('components/monitoring')] });
    const objects = await kustomized(folder.path);
    const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
    expect(rule?.metadata).to.deep.include({ name: 'file-injector', namespace: 'platform-hooks' });
    const { spec } = rule as KubernetesObject & { spec: { groups: { rules: { record?: string; expr: string }[] }[] } };
    const recorded = spec.groups.flatMap(({ rules }) => rules).filter(({ record }) => record !== undefined);
    for (const { expr } of recorded)
      expect(expr).to.contain('{type="admit", name=~".+[.]file-injector[.]platform-hooks[.]svc"}');
    const dashboard = objects.find(({ metadata }) => metadata.labels?.grafana_dashboard === '1');
    expect(dashboard?.metadata.namespace).to.equal('platform-hooks');
    const { data } = dashboard as KubernetesObject & { data: Record<string, string> };
    const { panels } = JSON.parse(data['hello-webhook.json'] ?? '') as { panels: { targets: { expr: string }[] }[] };
    const read = panels
      .flatMap(({ targets }) => targets)
      .flatMap(({ expr }) => expr.match(/hello_webhook:[\w:]+/g) ?? []);
    expect([...new Set(read)]).to.have.members(recorded.map(({ record }) => record));
  });
});
