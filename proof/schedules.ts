import type { Stage } from '../rehearsal/stage.ts';

/** Enables or disables the schedules of a stage that start protect runs, those that measure, or, of these, those that see to what a plan is owed. */
export async function setSchedules(
  { cloud, plan }: Stage,
  which: 'protect' | 'drill' | 'measure' | 'owed',
  state: 'ENABLED' | 'DISABLED',
  every?: string,
): Promise<void> {
  const { operations } = cloud.services(plan.recovery.region).scheduler;
  const list = (await operations['ListSchedules']?.run({} as never, {} as never)) as { Schedules: { Name: string }[] };
  for (const { Name } of list.Schedules) {
    const schedule = (await operations['GetSchedule']?.run({ Name } as never, {} as never)) as {
      Target: { Arn: string; Input?: string };
      [member: string]: unknown;
    };
    const { Arn, Input = '' } = schedule.Target;
    const started = Input.includes('"drill"') ? 'drill' : 'protect';
    const kind = Arn.includes(':stateMachine:') ? started : 'measure';
    if (which === 'owed' ? !Name.includes('WatchFences') : kind !== which) continue;
    const { ScheduleExpression, FlexibleTimeWindow, Target } = schedule;
    const expression = every ?? ScheduleExpression;
    const request = { Name, ScheduleExpression: expression, FlexibleTimeWindow, Target, State: state };
    await operations['UpdateSchedule']?.run(request as never, {} as never);
  }
}
