/** What someone else's code threw, by its name: its message may hold what was stored, or a password. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'not an Error');
