const blocksPerTib = 2_097_152;
/** Dollars a get and a put of one block. @source aws-facts [9] */
const dollarsPerBlock = (0.003 + 0.006) / 1_000;
const dollarsPerGbAcross = 0.02;
const gbPerTib = 1_099.511_627_776;
/** Dollars a GB-second on arm64. @source aws-facts [9] */
const dollarsPerGbSecond = 0.000_013_333_4;
/** Memory at which a function has one processor. @source aws-facts [5.10] */
const mbPerProcessor = 1_769;
/** What one function gets over its network, unverified. @source aws-facts [2.9] */
const networkBlocksPerSecond = 75 / 0.524_288;
const inFlight = 64;
const blocksPerSecond = 1_000;

export interface Cost {
  /** Functions of a size that carry 1,000 blocks a second, and dollars of their time for a TiB. */
  readonly functions: readonly {
    readonly memoryMb: number;
    readonly functions: number;
    readonly boundBy: string;
    readonly dollarsPerTib: number;
  }[];
  readonly dollarsPerTib: { readonly requests: number; readonly acrossRegions: number };
  readonly minutesPerTib: number;
}

/** At the processor time of this machine, which is not the one of AWS. */
export function costOf(cpuMsPerBlock: number, { getMs, putMs }: { getMs: number; putMs: number }): Cost {
  const seconds = blocksPerTib / blocksPerSecond;
  return {
    functions: [512, 1_024, mbPerProcessor, 3_008].map((memoryMb) => {
      const processors = Math.min(1, memoryMb / mbPerProcessor);
      const bounds = {
        processor: (processors * 1_000) / cpuMsPerBlock,
        network: networkBlocksPerSecond,
        latency: (inFlight * 1_000) / (getMs + putMs),
      };
      const [boundBy, most] = Object.entries(bounds).toSorted(([, one], [, other]) => one - other)[0] ?? ['', 1];
      const functions = Math.ceil(blocksPerSecond / most);
      const dollarsPerTib = functions * (memoryMb / 1_024) * seconds * dollarsPerGbSecond;
      return { memoryMb, functions, boundBy, dollarsPerTib };
    }),
    dollarsPerTib: { requests: blocksPerTib * dollarsPerBlock, acrossRegions: gbPerTib * dollarsPerGbAcross },
    minutesPerTib: seconds / 60,
  };
}
