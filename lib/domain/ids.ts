/** How the items of the catalogue write times and ids. */
import * as z from 'zod';

const idOf = (prefix: string) => z.string().regex(new RegExp(`^${prefix}-[0-9a-z]{1,40}$`));

/** ISO 8601 with milliseconds, UTC. */
export const time = z.iso.datetime({ precision: 3 });
export const snapshotId = idOf('snap');
export const volumeId = idOf('vol');
export const instanceId = idOf('i');
export const imageId = idOf('ami');
export const pointIdSchema = z.string().regex(/^rp-\d{8}T\d{6}Z-[\w-]{1,40}$/);
export const operationIdSchema = z.string().regex(/^(protect|failover|failback|accept|drill)-[^\s\p{C}]{1,100}$/u);

/** A volume's identity in both Regions and across swaps: `<server>:<device>`, such as `db:/dev/sdf`. */
export const volumeKeySchema = z.templateLiteral([z.string().min(1), ':', z.string().min(1)]);
