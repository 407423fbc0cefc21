/** Lets a step wait by itself, where a state of its state machine would be too slow or there is none. */
export function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
