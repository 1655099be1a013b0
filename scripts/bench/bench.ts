/** `npm run bench`: how fast the function is, beside what it could be and what it began as. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument } from 'commander';
import { action, createCommand, parse } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { dropPageCache, measureCold } from './cold.ts';
import { measureGrowth } from './growth.ts';
import { measureHostile } from './hostile.ts';
import { formatResults } from './report.ts';
import type { Results } from './results.ts';
import { reviewOf, usualPod } from './reviews.ts';
import { measureSteady } from './steady.ts';
import { prepareSubjects, type Subject, type Subjects } from './subjects.ts';
import { targetsOf } from './targets.ts';
import { measureCreations } from './through-api-server.ts';
import { measureWarm } from './warm.ts';

interface Bench {
  subjects: Subjects;
  /** Where there is room for files. */
  directory: string;
  /** The file with the body that is sent. */
  review: string;
  progress: Progress;
}

const parts: Record<string, (bench: Bench) => Promise<Partial<Results>>> = {
  cold: async ({ subjects, directory, progress }) => ({
    cold: await measureCold(Object.values(subjects), 15, (name) => progress(`cold starts: ${name}`)),
    ...(dropPageCache() && { dropped: await measureDropped(subjects, directory, progress) }),
  }),
  warm: async ({ subjects, review, progress }) => ({ warm: await measureWarm(subjects, review, progress) }),
  steady: async ({ subjects, review, progress }) => ({ steady: await measureSteady(subjects.ours, review, progress) }),
  growth: async ({ progress }) => {
    progress('reviews inside the process');
    return { growth: await measureGrowth() };
  },
  hostile: async ({ subjects, review, progress }) => ({
    hostile: await measureHostile(subjects.ours, readFileSync(review, 'utf8'), progress),
  }),
  'api-server': async ({ subjects: { ours, tutorial }, progress }) => {
    const creations = await measureCreations(tutorial ? [ours, tutorial] : [ours], progress);
    return creations ? { creations } : {};
  },
};

const bench = createCommand('bench')
  .name('npm run bench --')
  .description(
    `Measures the function as the image has it, beside a bare node:http server, the functions framework's command line on
the source, and a Go program that makes the patch of the tutorial's webhook (where Go is installed): all in one run of
some five minutes on 2 cores, in rounds in which each goes first in turn.

  cold         from spawn to the first answer; as root also with an empty page cache
  warm         latency and throughput at 1, 10 and 100 callers
  steady       the heap over 100,000 reviews, and a Pod of 3 MB
  growth       a review inside the process, by the size of the Pod and the number of injections
  hostile      bodies of up to 7 MiB that cost more than their length tells, and a review beside each
  api-server   the creation of a Pod on a real API server, which is found as for npm run demo`,
  )
  .addArgument(new Argument('[part...]', 'without any, all parts').choices(Object.keys(parts)))
  .option('--json', 'print the results as JSON')
  .action(
    action(async ({ json }: { json?: true }, { args: chosen, cleanup }) => {
      const progress = createProgress();
      progress('building what is compared');
      const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-bench-'), cleanup);
      const review = join(directory, 'review.json');
      writeFileSync(review, reviewOf(usualPod));
      const prepared = { subjects: await prepareSubjects(directory), directory, review, progress };
      const results: Results = {
        machine: `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}`,
      };
      for (const [name, measure] of Object.entries(parts)) {
        if (chosen.length === 0 || chosen.includes(name)) Object.assign(results, await measure(prepared));
      }
      progress();
      const targets = targetsOf(results, prepared.subjects);
      console.log(json ? JSON.stringify({ ...results, targets }, undefined, 2) : formatResults(results, targets));
      return exitStatus.ok;
    }),
  );
await parse(bench);

/** With a copy of Node that nothing runs from, since what a running program has mapped stays in the page cache. */
function measureDropped(subjects: Subjects, directory: string, progress: Progress): Promise<Results['cold'] & object> {
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node);
  const copied = (subject: Subject) => (subject.command === process.execPath ? { ...subject, command: node } : subject);
  return measureCold(Object.values(subjects).map(copied), 9, (name) => {
    progress(`cold starts, page cache dropped: ${name}`);
    dropPageCache();
  });
}
