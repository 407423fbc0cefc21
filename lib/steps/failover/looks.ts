import { AwsFailure, type Patience } from '../../aws/call.ts';
import { sideBySide } from '../side-by-side.ts';

/** As long as all looks together may take that a failover can do without (I9). */
const looksSeconds = 20;

/** Gives up, after so long, what the looks still ask of AWS: neither a slow IAM nor a huge account delays a failover. */
export async function withPatience<Found>(look: (patience: Patience) => Promise<Found>): Promise<Found> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), 1_000 * looksSeconds);
  try {
    return await look({ abortSignal: end.signal });
  } finally {
    clearTimeout(timer);
    // Where one look broke, the others are still under way.
    end.abort();
  }
}

/** What was found, and in words what AWS did not answer. */
export interface Looks<Thing, Found> {
  readonly found: ReadonlyMap<Thing, Found>;
  readonly unseen: readonly string[];
}

/** Looks at each of several things that a failover can do without: what was found is kept where AWS does not answer of another one. */
export async function lookAtEach<Thing, Found>(
  what: string,
  things: Iterable<Thing>,
  look: (thing: Thing) => Promise<Found>,
): Promise<Looks<Thing, Found>> {
  const found = new Map<Thing, Found>();
  const whys: string[] = [];
  await sideBySide(things, async (thing) => {
    try {
      found.set(thing, await look(thing));
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      whys.push(error.message);
    }
  });
  const [first, ...others] = whys;
  const more = others.length === 0 ? '' : `; nor could ${others.length} more`;
  return { found, unseen: first === undefined ? [] : [`${what} could not be looked at: ${first}${more}`] };
}
