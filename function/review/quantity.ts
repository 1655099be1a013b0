/** Whether two values are the same Kubernetes quantity: `1024Mi` is `1Gi`. False where either is none. */
export function isSameQuantity(one: unknown, other: unknown): boolean {
  const [first, second] = [quantityOf(one), quantityOf(other)];
  return first !== undefined && first === second;
}

/** A Kubernetes quantity (k8s.io/apimachinery pkg/api/resource) in billionths, rounded up as there; undefined where it is none. */
export function quantityOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = /^([-+]?)(?=\.?\d)(\d{0,40})(?:\.(\d{0,40}))?(?:[eE]([-+]?\d{1,2})|([KMGTPE]i|[numkMGTPE]))?$/.exec(
    String(value),
  );
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0', suffix = ''] = match;
  const digits = BigInt(`${whole}${fraction}` || '0') * (billionths[suffix] ?? 1n);
  const shift = Number(exponent) - fraction.length;
  const scaled =
    shift >= 0 ? digits * 10n ** BigInt(shift) : (digits + 10n ** BigInt(-shift) - 1n) / 10n ** BigInt(-shift);
  return sign === '-' ? -scaled : scaled;
}

/** The suffixes of quantities, in billionths, the finest that Kubernetes stores. */
const billionths: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 10n ** 3n,
  m: 10n ** 6n,
  '': 10n ** 9n,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
  Ki: 2n ** 10n * 10n ** 9n,
  Mi: 2n ** 20n * 10n ** 9n,
  Gi: 2n ** 30n * 10n ** 9n,
  Ti: 2n ** 40n * 10n ** 9n,
  Pi: 2n ** 50n * 10n ** 9n,
  Ei: 2n ** 60n * 10n ** 9n,
};
