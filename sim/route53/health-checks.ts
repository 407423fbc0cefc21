import type { HealthCheckConfig } from '@aws-sdk/client-route-53';
import { NotModelled, type Surroundings } from '../service.ts';
import { invalidInput } from './record-set.ts';

interface HealthCheck {
  /** As Route 53 has judged it last. */
  judged: boolean;
  /** As the DNS servers know it. */
  served: boolean;
}

/** How often Route 53 looks at the metric of an alarm; assumed. */
const LOOK_EVERY_MS = 10_000;

/** The health checks of Route 53, which go on while its control plane is lost. @source aws-facts [4.2], [4.3] */
export class HealthChecks {
  /** How long DNS servers take to know of a change of health. AWS gives no figure; as long as a change of records takes. */
  servedMs = { min: 10_000, max: 60_000 };
  readonly #surroundings: Surroundings;
  readonly #checks = new Map<string, HealthCheck>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** A check of an endpoint, whose health whoever adds it decides; added again it changes at once. */
  add(id: string, isHealthy = true): void {
    this.#checks.set(id, { judged: isHealthy, served: isHealthy });
  }

  has(id: string): boolean {
    return this.#checks.has(id);
  }

  isHealthy(id: string): boolean {
    return this.#checks.get(id)?.served !== false;
  }

  /**
   * Deploys a check of a template that watches the metric of an alarm.
   * @source Route 53 developer guide, monitoring a CloudWatch alarm: the data stream of its metric is watched and not its state; alarms of M out of N are
   * not supported; a check that has never had data is healthy
   */
  createFromTemplate({ HealthCheckConfig: config = {} }: { HealthCheckConfig?: Partial<HealthCheckConfig> }): string {
    const { Type, AlarmIdentifier, InsufficientDataHealthStatus, ...others } = config;
    const other = Object.keys(others)[0];
    if (other !== undefined) throw new NotModelled(`${other} of health checks`);
    if (Type !== 'CLOUDWATCH_METRIC') throw new NotModelled(`health checks of type ${Type}`);
    if (InsufficientDataHealthStatus !== 'LastKnownStatus')
      throw new NotModelled(`health checks that take missing data for ${InsufficientDataHealthStatus}`);
    const { Region = '', Name = '' } = AlarmIdentifier ?? {};
    const { cloud } = this.#surroundings;
    const { cloudwatch } = cloud.services(Region);
    if (cloudwatch.isMOutOfN(Name) !== false) throw invalidInput(`Cannot watch alarm ${Name} in ${Region}`);
    const id = cloud.random.fork(`health check ${this.#checks.size}`).hex(32);
    const check: HealthCheck = { judged: true, served: true };
    this.#checks.set(id, check);
    this.#watch(check, () => cloudwatch.judgementOf(Name));
    return id;
  }

  /** A check of a routing control is healthy while that is on. @source ARC guide, routing control health checks */
  addOfControl(id: string, control: string): void {
    const { cloud } = this.#surroundings;
    const { recoverycluster } = cloud.services(cloud.regions[0] ?? '');
    const isOn = () => recoverycluster.stateOf(control) === 'On';
    const check: HealthCheck = { judged: isOn(), served: isOn() };
    this.#checks.set(id, check);
    this.#watch(check, () => (isOn() ? 'OK' : 'ALARM'));
  }

  #watch(check: HealthCheck, judgement: () => string | undefined): void {
    const { clock, random } = this.#surroundings.cloud;
    const chance = random.fork('health of checks');
    clock.after(LOOK_EVERY_MS, () => {
      const state = judgement();
      const isHealthy = state === 'OK' ? true : state === 'ALARM' ? false : check.judged;
      if (isHealthy !== check.judged) {
        check.judged = isHealthy;
        const { min, max } = this.servedMs;
        clock.after(min + chance.below(max - min + 1), () => {
          check.served = isHealthy;
        });
      }
      this.#watch(check, judgement);
    });
  }
}
