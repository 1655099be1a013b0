import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { kubectlScalar } from './kubectl-scalar.ts';
import { fieldName } from './schema.ts';
import { walkYaml } from './walk-yaml.ts';

/**
 * The options for YAML as kubectl reads it (sigs.k8s.io/yaml): YAML 1.1, so that 0644 is octal and `yes` is true, but
 * dates and 1:30 are strings.
 */
export const kubernetesYaml = {
  version: '1.1',
  merge: true,
  customTags: (tags: readonly { tag?: string; format?: string }[]) =>
    tags.filter(({ tag, format }) => tag !== 'tag:yaml.org,2002:timestamp' && format !== 'TIME'),
} as object;

/** Something that kubectl would read otherwise, or not at all: where in the text, and how to write it. */
export interface OtherReading {
  offset: number;
  text: string;
}

/** What of a document, read with these options, kubectl reads otherwise, or refuses. */
export function otherReadings(document: Document.Parsed, text: string): OtherReading[] {
  const found = textReadings(document, text);
  const around: unknown[] = [];
  const note = (node: Node, problem: string | undefined) => {
    if (problem === undefined) return;
    const place = fieldName(fieldsOf([...around, node])) || 'the file';
    found.push({ offset: node.range?.[0] ?? 0, text: `${place}: ${problem}` });
  };
  walkYaml(document.contents, around, (node, isKey) => {
    if (isScalar(node)) note(node, anchorProblem(node) ?? scalarProblem(node, isKey, text));
    else if (isCollection(node)) note(node, collectionProblem(node, document));
    else if (isPair(node)) note(node.key as Node, keyProblem(node));
    else if (isAlias(node)) note(node, aliasProblem(node, around, document));
  });
  return found;
}

function textReadings({ directives: { yaml } }: Document.Parsed, text: string): OtherReading[] {
  const separator = text.search(/[\u2028\u2029]/);
  // Without \p{Cc}, which would be compiled at each start from large tables.
  const control = text.search(/[^ -~\t\n\r\u00a0-\uffff]/);
  return [
    ...(yaml.explicit && yaml.version !== '1.1'
      ? [{ offset: 0, text: `the file: must not begin with %YAML ${yaml.version}: kubectl reads YAML 1.1` }]
      : []),
    ...(separator >= 0
      ? [
          {
            offset: separator,
            text: 'the file: U+2028 and U+2029 are line breaks to kubectl: write them as \\u2028 in double quotes',
          },
        ]
      : []),
    ...(control >= 0 ? [{ offset: control, text: 'the file: must not have control characters' }] : []),
  ];
}

/** The keys and indices that lead to the last of these nodes. */
function fieldsOf(nodes: readonly unknown[]): (string | number)[] {
  return nodes.flatMap((node, index): (string | number)[] => {
    if (isPair(node)) return [isScalar(node.key) ? String(node.key.source ?? node.key.value) : '?'];
    return isSeq(node) && index + 1 < nodes.length ? [(node.items as unknown[]).indexOf(nodes[index + 1])] : [];
  });
}

function keyProblem({ key }: Pair): string | undefined {
  return isNode(key) && !isScalar(key) ? 'must be a string, as a key' : undefined;
}

function aliasProblem(alias: Alias, around: readonly unknown[], document: Document): string | undefined {
  return around.includes(alias.resolve(document)) ? 'must not refer to what it is in' : undefined;
}

function collectionProblem(node: YAMLMap | YAMLSeq, document: Document): string | undefined {
  const kind = isMap(node) ? 'map' : 'seq';
  const merge = isMap(node) ? mergeProblem(node, document) : undefined;
  return anchorProblem(node) ?? tagProblem(node, `tag:yaml.org,2002:${kind}`) ?? merge;
}

function anchorProblem({ anchor }: { anchor?: string }): string | undefined {
  return anchor === undefined || /^[-\w]+$/.test(anchor)
    ? undefined
    : "must have an anchor of letters, digits, '-' and '_'";
}

function tagProblem({ tag }: Node, allowed: string): string | undefined {
  return tag === undefined || tag === allowed ? undefined : 'must have no tag (!): write the value as it is meant';
}

function scalarProblem(scalar: Scalar, isKey: boolean, text: string): string | undefined {
  const { tag, type, value, range } = scalar;
  const tagged = tagProblem(scalar, 'tag:yaml.org,2002:str');
  if (tagged) return tagged;
  if (isKey && value === null) return 'must not be null, as a key: write it in quotes';
  switch (type) {
    case 'QUOTE_DOUBLE':
      return /(^|[^\\])(\\\\)*\\\//.test(text.slice(range?.[0], range?.[1]))
        ? 'must not have \\/: write / alone'
        : undefined;
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED': {
      // Where the text ends without one, kubectl adds no line break to what is in it.
      const isCut = range?.[1] === text.length && !text.endsWith('\n') && String(value).endsWith('\n');
      return isCut ? 'must end with a line break, which the file lacks' : undefined;
    }
    case 'PLAIN':
      return tag === undefined ? plainProblem(scalar, isKey) : undefined;
    default:
      return undefined;
  }
}

function plainProblem({ source = '', value }: Scalar, isKey: boolean): string | undefined {
  if (isKey && source === '<<') return undefined;
  const read = kubectlScalar(source);
  if (Array.isArray(read)) return 'is a number that JSON cannot hold exactly: write it in quotes, or a smaller one';
  if (isKey && (source === ':' || (typeof read === 'number' && !isPlainInteger(source, read)))) {
    return 'must be a string, as a key: write it in quotes';
  }
  return read === value ? undefined : howToWrite(source, read);
}

/** Of others, kubectl and we make different strings. */
function isPlainInteger(source: string, read: number): boolean {
  return Number.isSafeInteger(read) && String(read) === source;
}

function howToWrite(source: string, read: string | number | boolean | null): string {
  if (typeof read !== 'number') return 'is read otherwise by kubectl: write it in quotes';
  const octal = /^([-+]?)0[oO]([0-7]+)$/.exec(source);
  return `is read by kubectl as ${read}: write ${octal ? `${octal[1]}0${octal[2]}` : read}, or in quotes where a string is meant`;
}

/** A key that is merged in and set as well is none that kubectl takes. */
function mergeProblem(map: YAMLMap, document: Document): string | undefined {
  if (!map.items.some(({ key }) => isMergeKey(key))) return undefined;
  const keys = keysOf(map, document, 0);
  const seen = new Set<string>();
  const twice = keys.find((key) => seen.has(key) || !seen.add(key));
  return twice === undefined
    ? undefined
    : `must not have ${twice} twice, merged by << and its own: kubectl refuses that`;
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** The keys of a map with those that it merges. */
function keysOf(node: unknown, document: Document, depth: number): string[] {
  const resolved = isAlias(node) ? node.resolve(document) : node;
  // One that merges itself is refused as it is read.
  if (depth > 20) return [];
  if (isSeq(resolved)) return resolved.items.flatMap((item) => keysOf(item, document, depth + 1));
  if (!isMap(resolved)) return [];
  return resolved.items.flatMap(({ key, value }) =>
    isMergeKey(key) ? keysOf(value, document, depth + 1) : [String(isScalar(key) ? key.value : key)],
  );
}
