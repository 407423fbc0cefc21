import { ec2Client } from '../../aws/clients.ts';
import { type Protection, setProtection } from '../../aws/instance-attributes.ts';
import type { Operation, Site } from '../../domain/catalogue.ts';
import { imagesOf } from '../operation/images.ts';
import type { Context, Services } from '../services.ts';
import { failoverOf } from './site.ts';

/** A launched server whose original was protected when it was captured. */
interface ProtectedServer {
  readonly server: string;
  readonly instance: string;
  readonly protections: readonly Protection[];
}

/** Those among the servers of the failover that `context` works on, by the point they were launched from. */
export async function protectedServers(services: Services, context: Context): Promise<ProtectedServer[]> {
  return protectedOf(services, await failoverOf(services, context));
}

/** Those among the servers that an operation launched. */
export async function protectedOf(services: Services, launcher: Operation | undefined): Promise<ProtectedServer[]> {
  return [...(await imagesOf(services, launcher))].flatMap(([server, { configuration }]) => {
    const { settings } = configuration;
    const instance = launcher?.servers[server]?.instance ?? null;
    const protections: Protection[] = [
      ...(settings?.isStopProtected === true ? ['stop' as const] : []),
      ...(settings?.isTerminationProtected === true ? ['termination' as const] : []),
    ];
    return instance === null || protections.length === 0 ? [] : [{ server, instance, protections }];
  });
}

/** Switches those protections of the servers on or off that they had when they were captured, and notes it. @param options.site where they are; left out: in the recovery Region */
export async function switchProtections(
  services: Services,
  context: Context,
  servers: readonly ProtectedServer[],
  { only, isOn, site = 'recovery' }: { readonly only?: Protection; readonly isOn: boolean; readonly site?: Site },
): Promise<void> {
  const ec2 = services.client(ec2Client, services.plan(context.plan)[site].region);
  const done: string[] = [];
  for (const { server, instance, protections } of servers) {
    for (const protection of protections.filter((each) => only === undefined || each === only)) {
      await setProtection(ec2, instance, protection, isOn);
      done.push(`${protection} protection of ${server}`);
    }
  }
  if (done.length === 0) return;
  const note = `switched ${isOn ? 'on' : 'off'}: ${done.join(', ')}`;
  await services.catalogue.addEvent(context.operation, services.now(), note);
}
