import type { ColdStarts } from './cold.ts';
import type { HostileBody } from './hostile.ts';
import type { InsideResult } from './inside.ts';
import type { Steady } from './steady.ts';
import type { Creations } from './through-api-server.ts';
import type { Warm } from './warm.ts';

/** What was measured, of the parts that were chosen; by the subjects' names. */
export interface Results {
  machine: string;
  cold?: Record<string, ColdStarts>;
  /** Absent where the page cache could not be dropped. */
  dropped?: Record<string, ColdStarts>;
  /** By the number of callers. */
  warm?: Record<string, Record<string, Warm>>;
  steady?: Steady;
  growth?: InsideResult[];
  /** The costliest first. */
  hostile?: HostileBody[];
  /** Absent where there was no API server to be had. */
  creations?: Creations;
}
