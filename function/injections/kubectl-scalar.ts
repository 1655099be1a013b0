/** What kubectl makes of a plain scalar; `inexact` where it is a number that JavaScript cannot hold, or JSON cannot write. */
export type KubectlScalar = string | number | boolean | null | 'inexact'[];

const inexact: KubectlScalar = ['inexact'];

const words: Readonly<Record<string, KubectlScalar>> = Object.fromEntries([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true]),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false]),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null]),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, inexact]),
  ...['', '+', '-'].flatMap((sign) => ['.inf', '.Inf', '.INF'].map((word) => [`${sign}${word}`, inexact])),
]);

/** A plain scalar as sigs.k8s.io/yaml reads it: go.yaml.in/yaml/v2 resolve.go, where times are strings. */
export function kubectlScalar(source: string): KubectlScalar {
  if (Object.hasOwn(words, source)) return words[source] ?? null;
  if (source.startsWith('.')) return /^\.\d+([eE][-+]?\d+)?$/.test(source) ? float(source, source) : source;
  if (!/^[-+\d]/.test(source) || isTime(source)) return source;
  const digits = source.replaceAll('_', '');
  const integer = integerOf(digits);
  if (integer !== undefined) return integer;
  return /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(digits) ? float(digits, source) : source;
}

/** One that is too large is a string. */
function float(digits: string, source: string): KubectlScalar {
  const value = Number(digits);
  return Number.isFinite(value) ? value : source;
}

const bases: readonly [pattern: RegExp, prefix: string][] = [
  [/^[-+]?0[xX]([\da-fA-F]+)$/, '0x'],
  [/^[-+]?0[bB]([01]+)$/, '0b'],
  [/^[-+]?0[oO]?([0-7]+)$/, '0o'],
  [/^[-+]?(0|[1-9]\d*)$/, ''],
];

/** As Go's strconv reads integers of any base (ParseInt, ParseUint); undefined for none, and where 64 bits do not hold it. */
function integerOf(digits: string): KubectlScalar | undefined {
  const literals = bases.flatMap(([pattern, prefix]) => {
    const match = pattern.exec(digits);
    return match ? [`${prefix}${match[1]}`] : [];
  });
  if (literals[0] === undefined) return undefined;
  const value = digits.startsWith('-') ? -BigInt(literals[0]) : BigInt(literals[0]);
  const most = /^\d/.test(digits) ? 2n ** 64n : 2n ** 63n;
  if (value >= most || value < -(2n ** 63n)) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : inexact;
}

function isTime(source: string): boolean {
  return /^\d{4}-\d{1,2}-\d{1,2}/.test(source);
}
