import { readFile } from 'node:fs/promises';

/** What instances write down about their leases. Times are of a clock that they share: milliseconds. */
export interface LeaseMove {
  kind: 'took' | 'released' | 'sends';
  life: number;
  at: number;
  /** Whether the lease was valid when a download left. */
  isValid?: boolean;
}

/** A time in which something stood still: milliseconds since 1970. */
export interface Still {
  /** The life that did; all of them when Redis was away. */
  life?: number;
  from: number;
  to: number;
}

/** Reads what instances wrote down about themselves. */
export async function readMoves(path: string): Promise<{ leases: LeaseMove[]; still: Still[] }> {
  const leases: LeaseMove[] = [];
  const still: Still[] = [];
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [kind, value] = parse(line);
    if (kind === 'still') still.push(value as Still);
    else if (kind !== undefined) leases.push({ ...(value as LeaseMove), kind });
  }
  return { leases: leases.sort((a, b) => a.at - b.at), still };
}

/** An entry; an empty one for a line that a kill cut short. */
function parse(line: string): [kind?: LeaseMove['kind'] | 'still', value?: unknown] {
  try {
    return JSON.parse(line) as [LeaseMove['kind'] | 'still', unknown];
  } catch {
    return [];
  }
}
