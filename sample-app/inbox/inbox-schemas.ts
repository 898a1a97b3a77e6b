import type { ApiResponseSchemaHost } from '@nestjs/swagger';

type Schema = ApiResponseSchemaHost['schema'];

/** `DlrPoll`, for the API page. */
export const POLL_SCHEMA: Schema = {
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time', description: 'When it began' },
    result: { type: 'string', enum: ['downloaded', 'skipped', 'failed'] },
    reports: { type: 'integer', description: 'How many reports it brought, when it was downloaded' },
    why: { type: 'string', description: 'Why it was skipped, or failed' },
  },
};

/** `InboxStats`, for the API page. */
export const STATS_SCHEMA: Schema = {
  type: 'object',
  properties: {
    account: { type: 'string', example: 'default' },
    waiting: { type: 'integer', description: 'Reports to be handed to the listener, now or again' },
    handling: { type: 'integer', description: 'Reports that are with the listener' },
    failed: { type: 'integer', description: 'Reports that were given up, and are kept' },
    pages: { type: 'integer', description: 'Downloads that are not handled through yet' },
    unreadable: { type: 'integer', description: 'Downloads that could not be read, and are kept' },
    gaps: { type: 'integer', description: 'Downloads whose reports may be lost' },
    oldestMs: { type: 'integer', description: 'Age of the oldest that is not handled yet; absent when there is none' },
    paused: { type: 'boolean' },
    lastPoll: POLL_SCHEMA,
    way: {
      type: 'string',
      enum: ['poll', 'push'],
      description: 'Whether reports are polled or pushed; absent where that cannot be switched',
    },
    failing: { type: 'boolean', description: 'Whether the listener fails on purpose; absent with the real gateway' },
  },
};

/** A list of `FailedReport`, for the API page. */
export const FAILED_SCHEMA: Schema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      id: { type: 'string', description: 'The id of the report: retry and remove take it' },
      dest: { type: 'string', description: 'The recipient, masked', example: '9665******67' },
      status: { type: 'string', example: 'delivered' },
      reason: { type: 'string', description: 'What the listener failed with the last time' },
      attempts: { type: 'integer', example: 3 },
      failedAt: { type: 'string', format: 'date-time' },
    },
  },
};

/** How many reports something was done to, for the API page. */
export const COUNT_SCHEMA: Schema = {
  type: 'object',
  properties: { count: { type: 'integer', description: 'How many it was done to', example: 1 } },
};

/** The body of a request that says it all by its address. */
export const EMPTY_BODY_SCHEMA: Schema = { type: 'object', example: {} };
