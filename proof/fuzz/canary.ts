import type { Stage } from '../../rehearsal/stage.ts';

/** What must never be told to anybody: planted where secrets are, and looked for wherever something is said. */
const secrets = ['CANARY-USER-DATA-7f3a', 'CANARY-TAG-91c2', 'CANARY-INPUT-5be0'] as const;
const [ofUserData, ofTags, ofInput] = secrets;

/** A text that a person might put into an input by mistake, with a secret in it. */
export const secretInput = `password=${ofInput}`;

/** User data as AWS keeps it: in base64, the secret at a place where its letters show in the base64 too. */
function userDataOf(server: string): string {
  return Buffer.from(`#!/bin/sh\n# ${server.padEnd(8)}\nexport DB_PASSWORD=${ofUserData}\n`).toString('base64');
}

/** Gives every server of the plan user data and a tag that are nobody's business. */
export function plantSecrets({ cloud, plan }: Stage): void {
  for (const [server, { instance }] of Object.entries(plan.servers)) {
    const placed = cloud.services(plan.primary.region).ec2.state.instances.get(instance);
    if (placed === undefined) throw new Error(`${server} is not there`);
    placed.request.UserData = userDataOf(server);
    placed.tags.push({ Key: 'db-password', Value: ofTags });
  }
}

/** The secrets in a text, in plain letters or in base64 at any offset. */
export function leaksIn(text: string): string[] {
  return secrets.filter((secret) => [secret, ...inBase64(secret)].some((form) => text.includes(form)));
}

/** The inner letters of a secret's base64, which do not depend on what stands around it. */
function inBase64(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('x'.repeat(offset) + secret).toString('base64');
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}

/**
 * Everything that the deployed parts said so far, line by line, and where. Tables and volumes hold secrets; they say nothing. In an
 * execution's history its own input is left out: its writer knows it.
 */
export function said({ cloud, plan }: Stage): { where: string; text: string }[] {
  const { lambda, s3, sns, stepfunctions } = cloud.services(plan.recovery.region);
  const executions = stepfunctions.executions.flatMap(({ name, input, error, cause, output, history }) => [
    { where: `error of ${name}`, text: `${error ?? ''} ${cause ?? ''}` },
    { where: `output of ${name}`, text: JSON.stringify(output ?? '') },
    { where: `history of ${name}`, text: JSON.stringify(history).replaceAll(JSON.stringify(JSON.parse(input)), '') },
  ]);
  return [
    ...lambda.logs.map(({ functionName, line }) => ({ where: `log of ${functionName}`, text: line })),
    ...lambda.lostEvents.map(({ functionName, error }) => ({
      where: `lost event of ${functionName}`,
      text: JSON.stringify(error),
    })),
    ...sns.messages.map(({ subject = '', message }) => ({ where: 'notice', text: `${subject} ${message}` })),
    ...executions,
    ...s3.all().map(({ key, body }) => ({ where: `evidence ${key}`, text: body.toString() })),
  ];
}
