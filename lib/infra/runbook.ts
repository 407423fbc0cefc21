/** Headings of docs/operating.md, below "Alarms": one for each alarm, with how bad it is. */
const headings = {
  'RPO target missed': 'warning',
  'RPO at twice the target': 'serious',
  'RPO at three times the target': 'critical',
  'Failed point': 'serious',
  'Unexpected full copy': 'warning',
  'Silent schedule': 'critical',
  'Missing heartbeat': 'critical',
  'Failing probe': 'serious',
  'Primary out': 'critical',
  'Silent prober': 'serious',
  'Not ready to fail over': 'serious',
  'RTO target in doubt': 'warning',
} as const;
export type Heading = keyof typeof headings;

/** What whoever is woken reads first: how bad, which plan, what it means, and where it says what to do. */
export function describeAlarm(heading: Heading, plan: string, meaning: string): string {
  return `Homeward [${headings[heading]}] plan ${plan}: ${meaning}. What to do: "${heading}" in docs/operating.md.`;
}
