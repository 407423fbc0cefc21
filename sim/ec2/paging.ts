import type { Random } from '../random.ts';
import { AwsError } from '../service.ts';

interface PageRequest {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** Tokens of unfinished lists: what is still to be answered, fixed when the first page was cut. */
export class Pages {
  readonly #random: Random;
  readonly #rest = new Map<string, readonly unknown[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** @param range of MaxResults that the operation accepts */
  cut<Item>(
    items: readonly Item[],
    { MaxResults, NextToken }: PageRequest,
    range: readonly [number, number] = [5, 1_000],
  ): { page: Item[]; NextToken?: string } {
    if (MaxResults !== undefined && (MaxResults < range[0] || MaxResults > range[1])) {
      throw new AwsError('InvalidParameterValue', `Value ( ${MaxResults} ) for parameter maxResults is invalid.`);
    }
    const waiting = NextToken === undefined || NextToken === '' ? items : this.#read<Item>(NextToken);
    const page = waiting.slice(0, MaxResults ?? waiting.length);
    const rest = waiting.slice(page.length);
    if (rest.length === 0) return { page };
    const token = this.#random.hex(40);
    this.#rest.set(token, rest);
    return { page, NextToken: token };
  }

  #read<Item>(token: string): readonly Item[] {
    const rest = this.#rest.get(token);
    if (rest === undefined) throw new AwsError('InvalidNextToken', 'The specified token is invalid.');
    return rest as readonly Item[];
  }
}
