import { readAppliedBy } from '../install/applied-by.ts';
import { type Category, categories } from './categories.ts';
import type { CheckFinding, Outcomes } from './check.ts';
import type { Context } from './context.ts';
import { withFixFor } from './fix.ts';

/** A finding with its check and its category; its fix is for the installation that was checked. */
export interface Diagnosis extends CheckFinding {
  category: Category;
}

/**
 * Runs the checks one after the other, and yields what they find; what they have come to is in `outcomes` then. Changes
 * nothing but by the check `probe`.
 */
export async function* diagnose(
  { api, installation, ...rest }: Context,
  chosen: readonly Category[] = categories,
  outcomes: Outcomes = new Map(),
): AsyncGenerator<Diagnosis, void> {
  const context = { ...rest, api, installation, appliedBy: await readAppliedBy(api, installation) };
  for (const category of chosen) {
    for (const check of category.checks.filter(({ isWanted }) => isWanted(context))) {
      for (const finding of await check.run(context, outcomes)) {
        yield { ...withFixFor(finding, context), category };
      }
    }
  }
}
