import * as z from 'zod';
import type { TransferRecord, UnitRecord } from '../domain/catalogue.ts';
import type { MoreOfEvent, OperationEvent } from '../domain/event.ts';
import { keyOf, kinds } from './catalogue-items.ts';
import type { ItemTable } from './item-table.ts';
import type { Fields } from './update-expression.ts';

/** What is kept of one operation besides itself, in a partition of its own: what happened, what it moved, and what its steps created. */
export class OperationItems {
  readonly #items: ItemTable;

  constructor(items: ItemTable) {
    this.#items = items;
  }

  /** Notes what happened at `at`; the same text of the same moment is noted once. */
  async addEvent(operation: string, at: Date, text: string, more: MoreOfEvent = {}): Promise<void> {
    await this.#items.update(keyOf.event(operation, at.toISOString(), text), { at: at.toISOString(), text, ...more });
  }

  /** What happened in an operation, in the order of time. */
  events(operation: string): Promise<OperationEvent[]> {
    return this.#items.query(`OP#${operation}`, 'EV#', kinds.event(operation));
  }

  async transfer(operation: string, id: string): Promise<TransferRecord | undefined> {
    return this.#items.get(keyOf.transfer(operation, id), kinds.transfer(operation));
  }

  transfers(operation: string): Promise<TransferRecord[]> {
    return this.#items.query(`OP#${operation}`, 'TRANSFER#', kinds.transfer(operation));
  }

  /** Begins the record of a transfer where `fields` are all of it; else changes it where it exists. */
  async updateTransfer(operation: string, id: string, fields: Partial<TransferRecord>): Promise<void> {
    await this.#items.update(keyOf.transfer(operation, id), fields, fields.id === undefined ? { id } : {});
  }

  /** What a step created that has no token of AWS: asked for at `requestedAt`, `made` once the answer was there. */
  creation<Made>(operation: string, step: string, made: z.ZodType<Made>) {
    const key = keyOf.creation(operation, step);
    const schema = z.object({ requestedAt: z.iso.datetime({ precision: 3 }), made: made.exactOptional() });
    return this.#items.get(key, { schema, keyOf: () => key });
  }

  /**
   * Notes that a step is about to create something, unless another run of it has noted so since `seen` was read (`undefined`:
   * nothing was noted). Returns whether this run is the one.
   */
  async claimCreation(operation: string, step: string, now: Date, seen: string | undefined): Promise<boolean> {
    const key = keyOf.creation(operation, step);
    return this.#items.update(key, { requestedAt: now.toISOString() }, { requestedAt: seen });
  }

  async updateCreation(operation: string, step: string, fields: Fields): Promise<void> {
    await this.#items.update(keyOf.creation(operation, step), fields);
  }

  async removeCreation(operation: string, step: string): Promise<void> {
    await this.#items.remove(keyOf.creation(operation, step));
  }

  /** What the run of a unit from block `first` on has done, once it has ended. */
  async unit(
    operation: string,
    transfer: string,
    part: Pick<UnitRecord, 'unit' | 'first'>,
  ): Promise<UnitRecord | undefined> {
    return this.#items.get(keyOf.unit(operation, transfer, part), kinds.unit(operation, transfer));
  }

  /** Units, and the runs of each, in ascending order of their blocks. */
  units(operation: string, transfer: string): Promise<UnitRecord[]> {
    return this.#items.query(`OP#${operation}`, `UNIT#${transfer}#`, kinds.unit(operation, transfer));
  }

  /** Returns whether this is the first run of the unit from its block on that has ended: another one changes nothing. */
  addUnit(operation: string, transfer: string, part: UnitRecord): Promise<boolean> {
    return this.#items.update(keyOf.unit(operation, transfer, part), { ...part }, { unit: undefined });
  }
}
