import type { RecordedCall } from '../../sim/call-record.ts';
import type { SimulatedCloud } from '../../sim/create-cloud.ts';
import { orchestrationRequests } from './orchestration.ts';
import { deployedPolicies, type RolePolicies } from './policies.ts';
import type { RoleRequest } from './request.ts';
import { requestsOf } from './requests.ts';

/**
 * Collects, from now on, what AWS would ask IAM for every call of a deployed role. It looks at each call before it runs: tags of
 * resources change, and a deleted one has none.
 */
export class RightsRecord {
  /** By the role's name. */
  readonly policies: ReadonlyMap<string, RolePolicies>;
  /** Calls whose mapping is missing, by name. */
  readonly unmapped = new Set<string>();
  /** Calls that were looked at. */
  calls = 0;
  readonly #requests = new Map<string, RoleRequest>();
  #isOver = false;

  constructor(cloud: SimulatedCloud) {
    this.policies = deployedPolicies(cloud);
    // The cloud holds the record and not the other way round: what many lives collected outlives their clouds.
    cloud.record.watch((call) => this.#look(call, cloud));
    for (const request of orchestrationRequests(cloud)) this.#add(request);
  }

  /** Requests that differ from each other in role, action, resource or context. */
  get requests(): readonly RoleRequest[] {
    return [...this.#requests.values()];
  }

  end(): void {
    this.#isOver = true;
  }

  #look(call: RecordedCall, cloud: SimulatedCloud): void {
    const role = call.role?.split('/').at(-1);
    if (role === undefined || this.#isOver) return;
    this.calls += 1;
    try {
      for (const request of requestsOf(call, cloud)) this.#add({ ...request, role });
    } catch (error) {
      this.unmapped.add(error instanceof Error ? error.message : String(error));
    }
  }

  #add(request: RoleRequest): void {
    const { role, action, resource, context } = request;
    this.#requests.set(JSON.stringify([role, action, resource, context]), request);
  }
}
