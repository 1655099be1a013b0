import { type ControlPlane, findControlPlane, type Search } from '../../scripts/local/control-plane.ts';

let found: Promise<ControlPlane | undefined> | undefined;

/** The control plane of all tests on an API server: looked for once, also where none is found or that fails. */
export function sharedControlPlane(search: Search): Promise<ControlPlane | undefined> {
  found ??= findControlPlane(search);
  return found;
}
