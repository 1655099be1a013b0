import { expect } from 'chai';
import { describeOnApiServer, type Pod } from './cluster.ts';

const injections = `
injections:
  - name: greeting
    selector: {matchLabels: {hello: "true"}}
    files: {hello.txt: "hello\\n", bye.txt: bye}
    mounts:
      - {mountPath: /etc/greeting, readOnly: true}
      - {mountPath: /opt/hello.txt, subPath: hello.txt, readOnly: true}
    env:
      - {name: GREETING_DIR, value: /etc/greeting}
      - {name: GREETING, value: $(GREETING_DIR)/hello.txt}
      - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    labels: {greeting-added: OK}
`;

describeOnApiServer('files, several mounts and variables', (cluster) => {
  it('are stored by the API server as they are declared, and recognised as they come back', async () => {
    const server = await cluster.startFunction(injections);
    const namespace = await cluster.namespaceWith(server, injections);
    const spec = {
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'app:1', env: [{ name: 'LANG', value: 'C' }] }],
    };
    const { object, warnings } = await cluster.createPod(namespace, {
      metadata: { name: 'greeted', labels: { hello: 'true' } },
      spec,
    });
    expect(warnings).to.deep.equal([]);
    expect(object.metadata.labels).to.include({ 'greeting-added': 'OK' });
    expect(object.metadata.annotations).to.include({
      'hello-webhook/greeting.hello.txt': 'hello\n',
      'hello-webhook/greeting.bye.txt': 'bye',
    });
    const [app] = object.spec?.containers ?? [];
    expect(app?.env?.map(({ name }) => name)).to.deep.equal(['LANG', 'GREETING_DIR', 'GREETING', 'NODE_NAME']);
    expect(app?.volumeMounts?.map(({ mountPath }) => mountPath)).to.deep.equal(['/etc/greeting', '/opt/hello.txt']);

    const { labels, annotations } = object.metadata as Pod['metadata'];
    const again = { metadata: { name: 'again', labels, annotations }, spec: object.spec };
    await cluster.createPod(namespace, again);
    const [record] = await server.records(({ pod }) => pod === 'again');
    expect(record).to.include({ decision: 'unchanged', message: 'already injected' });
  });
});
