import { isCollection, isPair } from 'yaml';

/**
 * Calls `see` for a node of YAML and all that is in it; `around` has the collections and pairs that lead to it meanwhile.
 * The library's own `visit` copies that path at each step, which takes a start several times as long.
 */
export function walkYaml(
  node: unknown,
  around: unknown[],
  see: (node: unknown, isKey: boolean) => void,
  isKey = false,
): void {
  see(node, isKey);
  if (!isPair(node) && !isCollection(node)) return;
  around.push(node);
  if (isPair(node)) {
    walkYaml(node.key, around, see, true);
    walkYaml(node.value, around, see);
  } else for (const item of node.items) walkYaml(item, around, see);
  around.pop();
}
