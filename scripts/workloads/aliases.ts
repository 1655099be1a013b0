import { isMap, isNode, isScalar, isSeq, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';

/** A text of YAML in which each alias, and each merge by `<<`, is replaced by a copy of what it stands for. */
export function withoutAliases(text: string): string {
  const document = parseDocument(text, kubernetesYaml);
  visit(document, { Alias: (_, alias) => alias.resolve(document)?.clone() as YAMLMap | undefined });
  visit(document, {
    Map: (_, map) => {
      map.items = mergedItems(map);
    },
  });
  visit(document, {
    Node: (_, node) => {
      if ('anchor' in node) delete node.anchor;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** The pairs of a map, with those that it merges and does not have itself where the merge stands. */
function mergedItems(map: YAMLMap): Pair[] {
  const own = new Set(map.items.filter((pair) => !isMerge(pair)).map(({ key }) => String(key)));
  return map.items.flatMap((pair) => {
    if (!isMerge(pair)) return [pair];
    const merged = isSeq(pair.value) ? pair.value.items : [pair.value];
    return merged
      .filter((item) => isMap(item))
      .flatMap(mergedItems)
      .filter(({ key }) => !own.has(String(key)) && own.add(String(key)));
  });
}

function isMerge({ key }: Pair): boolean {
  return isNode(key) && isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}
