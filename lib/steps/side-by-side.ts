/** Calls under way at a time: the SDK keeps 50 connections to a service. */
const callsAtOnce = 25;

/**
 * Does the same for each item, some of them at a time. After a failure nothing more is begun, what is under way ends first, and the failure
 * is thrown: no work goes on behind a step that has ended.
 */
export async function sideBySide<Item>(items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  const queue = [...items].values();
  let isBroken = false;
  const take = async () => {
    for (const item of queue) {
      if (isBroken) return;
      try {
        await work(item);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: callsAtOnce }, take));
  const broken = ended.find((each) => each.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
