/** Search attributes of a namespace. A run started with one that is not registered is wedged for ever. */
import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../../../contracts/search-attributes.ts';

/** Numbers of temporal.api.enums.v1.IndexedValueType. */
const indexedValueType = { Keyword: 2, Int: 3, Double: 4 } as const;

export async function registeredAttributes(connection: Connection, namespace: string): Promise<ReadonlySet<string>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return new Set(Object.keys(customAttributes ?? {}));
}

/**
 * Registers what is missing. False where the namespace does not take them (a cluster where we may not, a service
 * without the operator API): then runs are started without them, and that has to be said.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<boolean> {
  const names = Object.keys(searchAttributes);
  try {
    const known = await registeredAttributes(connection, namespace);
    const missing = Object.entries(searchAttributes).filter(([name]) => !known.has(name));
    if (missing.length === 0) return true;
    const wanted = Object.fromEntries(missing.map(([name, type]) => [name, indexedValueType[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: wanted });
    const after = await registeredAttributes(connection, namespace);
    return names.every((name) => after.has(name));
  } catch {
    // Not allowed, or not offered: either way runs go without.
    return false;
  }
}
