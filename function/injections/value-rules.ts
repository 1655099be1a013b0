import { quantityOf } from '../review/quantity.ts';
import { isEmpty } from './kubernetes-type.ts';

/** Says what a value must be, or undefined where it is. What is unset, or of another type, is for others to judge. */
export type ValueRule = (value: unknown) => string | undefined;

/** A string that a pattern matches. */
export function matching(pattern: RegExp, words: string): ValueRule {
  return (value) => (typeof value !== 'string' || isEmpty(value) || pattern.test(value) ? undefined : words);
}

/** One of a few strings. */
export function oneOf(...values: string[]): ValueRule {
  return (value) =>
    typeof value !== 'string' || values.includes(value)
      ? undefined
      : `must be one of ${values.filter(Boolean).join(', ')}`;
}

/** A number from `low` to `high`, both included. */
export function within(low: number, high: number, words: string): ValueRule {
  return (value) => (typeof value !== 'number' || (value >= low && value <= high) ? undefined : words);
}

/** A file mode. People write them in octal digits, and YAML reads those as decimal ones where the leading 0 is missing. */
export function mode(high: number): ValueRule {
  const octal = (value: number) => `0${value.toString(8)}`;
  return (value) => {
    if (typeof value !== 'number' || (value >= 0 && value <= high)) return undefined;
    const range = `must be 0 to ${octal(high)} (octal)`;
    const meant = Number.parseInt(`${value}`, 8);
    const isMeant = /^[0-7]+$/.test(`${value}`) && meant <= high;
    return isMeant ? `${range}: ${value} in decimal is ${octal(value)}; write ${octal(meant)}` : range;
  };
}

/** k8s.io/kubernetes pkg/apis/core/validation ValidateLocalNonReservedPath, and that there is a path. */
export const pathInVolume: ValueRule = (value) => {
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.startsWith('/')) return 'must be a relative path';
  if (value.split('/').includes('..')) return "must not contain '..'";
  return value.startsWith('..') ? "must not start with '..'" : undefined;
};

/** k8s.io/kubernetes pkg/apis/core/validation validatePathNoBacksteps. */
export const pathWithoutBacksteps: ValueRule = (value) =>
  typeof value === 'string' && value.split('/').includes('..') ? "must not contain '..'" : undefined;

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const name = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

export const dnsLabel = matching(
  new RegExp(`^${label}$`),
  "must be a DNS label: at most 63 lower case letters, digits and '-'",
);

const subdomain = new RegExp(`^${name}(\\.${name})*$`);

/** The name of an object: no ConfigMap or Secret can have another. */
export const objectName: ValueRule = (value) =>
  typeof value !== 'string' || isEmpty(value) || isDnsSubdomain(value)
    ? undefined
    : "must be the name of an object: lower case letters, digits, '-' and '.'";

export function isDnsSubdomain(value: string): boolean {
  return value.length <= 253 && subdomain.test(value);
}

/** k8s.io/kubernetes pkg/apis/core/validation ValidateSignerName. */
export const signerName = matching(
  new RegExp(`^${label}(\\.${label})+/${name}(\\.${name})*$`),
  'must be a domain and a path, as in example.com/signer-name',
);

/** A quantity above 0, or from 0 where `canBeZero`. */
export function quantity({ canBeZero }: { canBeZero: boolean }): ValueRule {
  return (value) => {
    if (isEmpty(value)) return undefined;
    const parsed = quantityOf(value);
    if (parsed === undefined) return `must be a Kubernetes quantity${hintOf(value)}`;
    return parsed < 0n || (parsed === 0n && !canBeZero) ? `must be ${canBeZero ? '0 or ' : ''}more than 0` : undefined;
  };
}

/** `10MB` and `10KiB` are what other tools take. */
function hintOf(value: unknown): string {
  const [, amount, unit = ''] = /^([\d.]+)\s*([kKmMgGtTpPeE]i?)[bB]?$/.exec(String(value)) ?? [];
  const letter = unit.charAt(0);
  const prefix = unit.length === 1 && letter.toLowerCase() === 'k' ? 'k' : `${letter.toUpperCase()}${unit.slice(1)}`;
  return amount === undefined ? ', such as 10Mi' : `: write ${amount}${prefix}`;
}
