import { configMapOf, readDeployed } from '../../../install/deployed-injections.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { someOf } from '../../text.ts';
import { knativeService } from './knative-service.ts';

/** The injections of the revision that serves; each error of the file that a newer one was given. */
export const injections = check(
  'injections',
  'Injections',
  [resultOf(knativeService)],
  async ({ api, installation: { namespace } }, { wanted, serving }) => {
    const [wantedName, servingName] = [configMapOf(wanted), configMapOf(serving)];
    const given = await readDeployed(api, namespace, wantedName);
    const served = servingName === wantedName ? given : await readDeployed(api, namespace, servingName);
    const found = 'injections' in served ? { found: served.injections } : {};
    if ('problem' in given) {
      const fix = [
        '# fix the file, then:',
        commandLine('check', 'FILE'),
        commandLine('deploy', '--injections FILE'),
      ].join('\n');
      return { findings: [broken(given.problem, fix)], ...found };
    }
    const names = given.injections.map(({ name }) => name);
    const origin =
      wantedName === undefined ? "the image's own, assumed to be the default ones" : `ConfigMap ${wantedName}`;
    return { findings: [ok(`${someOf(names, 5)} (${origin})`)], ...found };
  },
);
