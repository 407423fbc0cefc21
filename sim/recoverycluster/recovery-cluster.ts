import type {
  GetRoutingControlStateRequest,
  GetRoutingControlStateResponse,
  RoutingControlState,
  UpdateRoutingControlStateEntry,
  UpdateRoutingControlStatesRequest,
  UpdateRoutingControlStatesResponse,
} from '@aws-sdk/client-route53-recovery-cluster';
import { TokenBucket } from '../blocks/token-bucket.ts';
import {
  AwsError,
  type Call,
  NotModelled,
  type Operation,
  operation,
  type Service,
  type Surroundings,
} from '../service.ts';

declare module '../cloud.ts' {
  interface Services {
    recoverycluster: RecoveryCluster;
  }
}

/** A change of one control as it happened. */
interface ControlChange {
  readonly at: number;
  readonly control: string;
  readonly before: RoutingControlState;
  readonly after: RoutingControlState;
  /** Region of the endpoint that was asked. */
  readonly region: string;
  readonly by: string | undefined;
}

/** A safety rule: at least so many of these controls are on after every change. */
interface AssertionRule {
  readonly controls: readonly string[];
  readonly atLeast: number;
}

interface Endpoint {
  readonly region: string;
  readonly cluster: string;
  readonly changes: TokenBucket;
  isDown: boolean;
}

/** Where every cluster has its endpoints. @source ARC guide, Regional endpoints of routing control */
const endpointRegions = ['ap-northeast-1', 'ap-southeast-2', 'eu-west-1', 'us-east-1', 'us-west-2'];
/** Controls of one call, and changing calls of one endpoint a second. @source ARC guide, quotas for routing control */
const controlsMax = 10;
const changesPerSecond = 3;

/**
 * The simulated data plane of Application Recovery Controller: clusters of routing controls, each with five endpoints, which are as silent as their Regions. What one of them was told, all
 * of its cluster know.
 */
export class RecoveryCluster implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every change of every control, oldest first. */
  readonly history: ControlChange[] = [];
  readonly #surroundings: Surroundings;
  readonly #controls = new Map<string, { readonly cluster: string; state: RoutingControlState }>();
  readonly #rules: AssertionRule[] = [];
  /** By host. */
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      GetRoutingControlState: operation<GetRoutingControlStateRequest, GetRoutingControlStateResponse>(
        ['RoutingControlArn'],
        ({ RoutingControlArn: arn = '' }, call) => {
          const { state } = this.#control(arn, this.#endpointOf(call));
          return { RoutingControlArn: arn, RoutingControlState: state, RoutingControlName: arn.slice(-16) };
        },
      ),
      UpdateRoutingControlStates: operation<UpdateRoutingControlStatesRequest, UpdateRoutingControlStatesResponse>(
        ['UpdateRoutingControlStateEntries'],
        (input, call) => this.#update(input.UpdateRoutingControlStateEntries ?? [], call),
      ),
    };
  }

  /** Makes a cluster, or puts more controls into it. @param endpoints the URL in each Region, as DescribeCluster of the configuration API lists them */
  addCluster(
    endpoints: Readonly<Record<string, string>>,
    controls: Readonly<Record<string, RoutingControlState>>,
  ): void {
    if (Object.keys(endpoints).toSorted().join() !== endpointRegions.join())
      throw new Error(`a cluster has an endpoint in each of ${endpointRegions.join(', ')}`);
    const cluster = Object.values(endpoints).toSorted().join();
    for (const [region, url] of Object.entries(endpoints)) {
      const changes = new TokenBucket(changesPerSecond, changesPerSecond, () => this.#surroundings.cloud.clock.now());
      this.#endpoints.set(new URL(url).hostname, { region, cluster, changes, isDown: false });
    }
    for (const [control, state] of Object.entries(controls)) this.#controls.set(control, { cluster, state });
  }

  addRule(rule: AssertionRule): void {
    this.#rules.push(rule);
  }

  dropRules(): void {
    this.#rules.length = 0;
  }

  /** Endpoints of a Region are being maintained. @source ARC guide: three of five at least are always accessible */
  setDown(region: string, isDown: boolean): void {
    for (const endpoint of this.#endpoints.values()) if (endpoint.region === region) endpoint.isDown = isDown;
  }

  stateOf(control: string): RoutingControlState | undefined {
    return this.#controls.get(control)?.state;
  }

  /** All or none. */
  #update(entries: readonly UpdateRoutingControlStateEntry[], call: Call): UpdateRoutingControlStatesResponse {
    const endpoint = this.#endpointOf(call);
    if (!endpoint.changes.take()) throw new AwsError('ThrottlingException', 'Rate exceeded', 429);
    checkEntries(entries);
    const wanted = entries.map(({ RoutingControlArn: arn = '', RoutingControlState: after }) => {
      if (after !== 'On' && after !== 'Off') throw invalid(`${after} is no state of a routing control.`);
      return { arn, control: this.#control(arn, endpoint), after };
    });
    this.#checkRules(new Map(wanted.map(({ arn, after }) => [arn, after])));
    const of = { at: this.#surroundings.cloud.clock.now(), region: call.region, by: call.role };
    for (const { arn, control, after } of wanted) {
      this.history.push({ ...of, control: arn, before: control.state, after });
      control.state = after;
    }
    return {};
  }

  /** @source ARC API reference, ConflictException; ARC guide, safety rules: assertion rules are kept by every change */
  #checkRules(wanted: ReadonlyMap<string, RoutingControlState>): void {
    for (const { controls, atLeast } of this.#rules) {
      const on = controls.filter((control) => (wanted.get(control) ?? this.stateOf(control)) === 'On');
      if (controls.some((control) => wanted.has(control)) && on.length < atLeast)
        throw new AwsError('ConflictException', `A safety rule wants ${atLeast} of its routing controls on.`, 409, {
          ...{ resourceId: controls[0], resourceType: 'RoutingControl' },
        });
    }
  }

  #control(arn: string, { cluster }: Endpoint) {
    const control = this.#controls.get(arn);
    if (control?.cluster === cluster) return control;
    throw new AwsError('ResourceNotFoundException', `Routing control ${arn} was not found.`, 404, {
      ...{ resourceId: arn, resourceType: 'RoutingControl' },
    });
  }

  /** There are no endpoints but those of clusters: the host says which, and must be signed for its own Region. */
  #endpointOf({ hostname = '', region }: Call): Endpoint {
    const endpoint = this.#endpoints.get(hostname);
    if (endpoint?.region !== region)
      throw new NotModelled(`the endpoint ${hostname} of a routing control cluster in ${region}`);
    if (endpoint.isDown)
      throw new AwsError('EndpointTemporarilyUnavailableException', 'The cluster endpoint is not available.', 503);
    return endpoint;
  }
}

/** That a call names each control once, and of one panel only, is assumed: AWS says that the controls of a panel are changed in one transaction. */
function checkEntries(entries: readonly UpdateRoutingControlStateEntry[]): void {
  const controls = new Set(entries.map(({ RoutingControlArn = '' }) => RoutingControlArn));
  if (controls.size === 0 || controls.size < entries.length) throw invalid('Name at least one control, and each once.');
  if (entries.length > controlsMax)
    throw new AwsError('ServiceLimitExceededException', `A call changes ${controlsMax} controls at most.`, 402, {
      ...{ limitCode: 'UpdateRoutingControlStates', serviceCode: 'route53-recovery-cluster' },
    });
  const panels = new Set([...controls].map((arn) => arn.replace(/\/routingcontrol\/.*/, '')));
  if (panels.size > 1) throw invalid('The routing controls are of several control panels.');
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message, 400, { reason: 'fieldValidationFailed' });
}
