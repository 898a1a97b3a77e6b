import type { ApiResponseSchemaHost } from '@nestjs/swagger';

type Schema = ApiResponseSchemaHost['schema'];

const COUNTS = {
  sent: { type: 'integer', description: 'Accepted by the gateway', example: 20 },
  delivered: { type: 'integer', example: 18 },
  undelivered: { type: 'integer', example: 1 },
  noReportYet: { type: 'integer', description: 'Sent, without a final report so far', example: 1 },
} satisfies Record<string, Schema>;

/** `LastHourView`, for the API page. */
export const LAST_HOUR_SCHEMA: Schema = {
  type: 'object',
  required: ['from', 'stepMs', 'columns', ...Object.keys(COUNTS)],
  properties: {
    from: { type: 'string', format: 'date-time', description: 'When the first column begins' },
    stepMs: { type: 'integer', description: 'The length of a column in milliseconds', example: 300_000 },
    ...COUNTS,
    columns: {
      type: 'array',
      description: 'One for each five minutes, by when the messages were sent; the last is not over',
      items: { type: 'object', properties: COUNTS },
    },
    medianMs: { type: 'integer', description: 'Milliseconds within which half of the delivered messages arrived' },
    p95Ms: { type: 'integer', description: 'Milliseconds within which 95 in 100 of them arrived' },
  },
};
