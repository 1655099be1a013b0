import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { kubernetesYaml, otherReadings } from '../../function/injections/kubernetes-yaml.ts';
import { parseInjections } from '../../function/injections/load.ts';
import { readByKubectl } from '../support/kubectl.ts';
import { yamlDocuments } from '../support/yaml-documents.ts';

/** The value of a document as the function reads it, or why it refuses it. */
function readByUs(text: string): { value: unknown } | { error: string } {
  const document = parseDocument(text, { ...kubernetesYaml, prettyErrors: false });
  const [problem] = [
    ...document.errors.map(({ message }) => message),
    ...otherReadings(document, text).map((one) => one.text),
  ];
  if (problem !== undefined) return { error: problem };
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Of the zeros there is one, in a configuration. */
function isSame(one: unknown, other: unknown): boolean {
  const plain = (value: unknown) =>
    JSON.parse(JSON.stringify(value ?? null).replaceAll(/(?<=[:[,])-0(?=[\]},])/g, '0'));
  return isDeepStrictEqual(plain(one), plain(other));
}

/** `injections.yaml:2:46: what is wrong` of an injection whose volume is a ConfigMap with this defaultMode. */
function saidOfMode(mode: string): string {
  const text = `injections:
- {name: x, selector: {matchLabels: {a: b}}, volume: {name: v, configMap: {name: c, defaultMode: ${mode}}}, mount: {mountPath: /x}}
`;
  try {
    parseInjections(text, 'injections.yaml');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('YAML', () => {
  it(`of ${yamlDocuments.length} documents is read as kubectl reads it, or not at all`, function () {
    const readings = readByKubectl(this, yamlDocuments);
    expect(readings).to.have.length(yamlDocuments.length);
    const differing = yamlDocuments.flatMap((document, index) => {
      const kubectl = readings[index];
      const ours = readByUs(document);
      if ('error' in ours || (kubectl && 'value' in kubectl && isSame(ours.value, kubectl.value))) return [];
      return [{ document, ours, kubectl }];
    });
    expect(differing).to.deep.equal([]);
  });

  it('is not refused where kubectl takes what people write', function () {
    const texts = [
      '0644',
      '0755',
      '420',
      '1073741824',
      '1e3',
      '1.5',
      'yes',
      '~',
      '1:30',
      '2024-01-01',
      'a b',
      '-1',
      '0x1F',
    ];
    const documents = [...texts.map((text) => `a: ${text}`), 'a: &x {p: 1}\nb: {<<: *x, q: 2}\n', '1: x', 'y: x'];
    const readings = readByKubectl(this, documents);
    for (const [index, document] of documents.entries()) {
      expect(readByUs(document), document).to.have.property('value');
      expect(readings[index], document).to.have.property('value');
    }
  });

  it('that kubectl reads otherwise is refused with its place, and how to write it', () => {
    const said: Record<string, string> = {
      '0o644': 'is read by kubectl as 420: write 0644, or in quotes where a string is meant',
      '12e45678': 'is read otherwise by kubectl: write it in quotes',
      '.inf': 'is a number that JSON cannot hold exactly: write it in quotes, or a smaller one',
      '9007199254740993': 'is a number that JSON cannot hold exactly: write it in quotes, or a smaller one',
      '!!binary aGVsbG8=': 'must have no tag (!): write the value as it is meant',
      '"\\/"': 'must not have \\/: write / alone',
    };
    for (const [mode, text] of Object.entries(said)) {
      expect(saidOfMode(mode))
        .to.match(/^injections\.yaml:2:\d+: injections\[0\]\.volume\.configMap\.defaultMode: /)
        .and.contain(text);
    }
    expect(saidOfMode('0644')).to.equal('');
  });
});
