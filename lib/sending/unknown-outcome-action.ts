/** Whether a message is repeated when the outcome of a try is unknown. */
export type UnknownOutcomeAction = 'never' | 'guarded';
