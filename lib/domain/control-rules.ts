import * as z from 'zod';
import { controlsMax, panelOf } from './routing-control.ts';
import { type Broken, type Rule, rule } from './rule.ts';

const sites = ['primary', 'recovery'] as const;
/** In so many Regions every cluster has an endpoint. @source ARC guide, Regional endpoints of routing control */
const endpointsOfCluster = 5;
const service = 'route53-recovery-cluster';

const written = z.object({ traffic: z.array(z.unknown()) });
const entrySchema = z.object({
  routingControls: z.object({ primary: z.string().optional(), recovery: z.string().optional() }),
  endpoints: z.record(z.string(), z.string()).optional(),
});

interface Entry {
  readonly index: number;
  readonly controls: readonly { readonly site: string; readonly control: string }[];
  readonly endpoints: Readonly<Record<string, string>> | undefined;
}

/** A rule between the routing controls of a plan, told of all of them in order. */
function controlRule(brokenBy: (entries: readonly Entry[]) => readonly (Broken | false)[]): Rule {
  return rule(written, ({ traffic }) =>
    brokenBy(
      traffic.flatMap((record, index): Entry[] => {
        const read = entrySchema.safeParse(record);
        if (!read.success) return [];
        const { routingControls, endpoints } = read.data;
        const controls = sites.flatMap((site) => {
          const control = routingControls[site];
          return control === undefined ? [] : [{ site, control }];
        });
        return [{ index, controls, endpoints }];
      }),
    ),
  );
}

/** A control, or a pair that can be changed in one batch. */
const pairRule = controlRule((entries) =>
  entries.flatMap(({ index, controls: [one, other] }): (Broken | false)[] => [
    one === undefined && {
      path: ['traffic', index, 'routingControls'],
      message: 'is not enough. Name the control of one site at least.',
    },
    one !== undefined &&
      other !== undefined &&
      panelOf(one.control) !== panelOf(other.control) && {
        path: ['traffic', index, 'routingControls', 'recovery'],
        message: 'is of another control panel, and not changed in one batch with the other. Name two of one panel.',
      },
  ]),
);

const endpointsRule = controlRule((entries) =>
  entries.flatMap(({ index, endpoints }): (Broken | false)[] => {
    if (endpoints === undefined) return [];
    const path = ['traffic', index, 'endpoints'];
    const count = Object.keys(endpoints).length;
    return [
      count !== endpointsOfCluster && {
        path,
        message: `are ${count}, and a cluster has ${endpointsOfCluster}. Write all that DescribeCluster lists.`,
      },
      ...Object.entries(endpoints).map(
        ([region, url]) =>
          url.includes(`.${service}.`) &&
          !url.includes(`.${region}.`) && {
            path: [...path, region],
            message: `is in another Region. Write the endpoint of ${region}.`,
          },
      ),
    ];
  }),
);

/** A control is switched by one entry, and what is of one panel by one cluster in one batch. */
const togetherRule = controlRule((entries) => {
  const seen = new Set<string>();
  const panels = new Map<string, { endpoints: string; count: number }>();
  return entries.flatMap(({ index, controls, endpoints }) =>
    controls.map(({ site, control }): Broken | false => {
      const path = ['traffic', index, 'routingControls', site];
      if (seen.has(control)) return { path, message: 'is written twice. Name each routing control once.' };
      seen.add(control);
      const own = Object.values(endpoints ?? {})
        .toSorted()
        .join();
      const panel = panels.get(panelOf(control)) ?? { endpoints: own, count: 0 };
      panels.set(panelOf(control), { ...panel, count: panel.count + 1 });
      if (panel.endpoints !== own)
        return {
          path: ['traffic', index, 'endpoints'],
          message: 'are other ones than those of the same control panel above. Write those of its cluster.',
        };
      return (
        panel.count >= controlsMax && {
          path,
          message: `is one too many: a batch changes ${controlsMax} of a control panel. Use another panel.`,
        }
      );
    }),
  );
});

/** What the routing controls of a plan have to be. */
export const controlRules: readonly Rule[] = [pairRule, endpointsRule, togetherRule];
