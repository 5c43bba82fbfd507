import { randomBytes, randomFillSync } from 'node:crypto';
import type { IdSource } from '@vivarium/core';

const ID_BYTES = 16;

/** Random bytes are drawn from the system in blocks: one call for 256 ids instead of one for each. */
export function createNodeIds(): IdSource {
  const pool = Buffer.alloc(256 * ID_BYTES);
  let used = pool.length;
  return {
    next(prefix) {
      if (used === pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      used += ID_BYTES;
      return `${prefix}_${pool.toString('hex', used - ID_BYTES, used)}`;
    },
    hex: (count) => randomBytes(count).toString('hex'),
  };
}
