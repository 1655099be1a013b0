import { now } from './clock.ts';

/** What one request holds of a Budget. */
export interface Share {
  /** Whether there is room for so many bytes more, which are held from now on. */
  take(bytes: number): boolean;
  /** Holds so many bytes more in any case. */
  add(bytes: number): void;
  close(): void;
}

/**
 * A bound on the bytes of all bodies and answers under way: each alone may be small enough, all together kill the
 * process. Where room is short, the oldest that has waited for its client longer than `patienceMs` is cut off, so that
 * nobody who sends or reads slowly keeps others out. Room beyond the bound is for the small alone: however many large
 * ones there are, a usual review finds some.
 */
export class Budget {
  readonly #maxBytes: number;
  readonly #patienceMs: number;
  readonly #forSmall: ForSmall;
  /** In the order in which they were opened. */
  readonly #holders = new Set<Holder>();
  #bytes = 0;

  constructor(maxBytes: number, patienceMs: number, forSmall: ForSmall = { bytes: 0, upTo: 0 }) {
    this.#maxBytes = maxBytes;
    this.#patienceMs = patienceMs;
    this.#forSmall = forSmall;
  }

  open(cutOff: () => void): Share {
    const holder = { bytes: 0, since: now(), cutOff };
    this.#holders.add(holder);
    const add = (bytes: number) => {
      if (!this.#holders.has(holder)) return;
      holder.bytes += bytes;
      this.#bytes += bytes;
    };
    return {
      add,
      take: (bytes) => {
        const isTaken = this.#makeRoom(bytes, holder);
        if (isTaken) add(bytes);
        return isTaken;
      },
      close: () => this.#close(holder),
    };
  }

  #makeRoom(bytes: number, asking: Holder): boolean {
    const isSmall = asking.bytes + bytes <= this.#forSmall.upTo;
    const hasRoom = () => this.#bytes + bytes <= this.#maxBytes + (isSmall ? this.#forSmall.bytes : 0);
    if (hasRoom()) return true;
    const patientSince = now() - this.#patienceMs;
    for (const holder of this.#holders) {
      if (holder.since > patientSince) break;
      if (holder.bytes === 0 || holder === asking) continue;
      this.#close(holder);
      holder.cutOff();
      if (hasRoom()) return true;
    }
    return false;
  }

  #close(holder: Holder): void {
    if (this.#holders.delete(holder)) this.#bytes -= holder.bytes;
  }
}

/** Room beyond the bound, and for how large a body with its answer. */
export interface ForSmall {
  bytes: number;
  upTo: number;
}

interface Holder {
  bytes: number;
  since: number;
  cutOff: () => void;
}
