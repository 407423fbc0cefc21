import type { Site } from '../../domain/catalogue.ts';
import type { Context } from '../services.ts';

export interface ServerItem extends Context {
  readonly server: string;
}

/** Servers, by name, that are brought up together at a site, and checked before the next wave. */
export interface WaveItem extends Context {
  readonly wave: number;
  readonly site: Site;
  readonly servers: readonly string[];
}
