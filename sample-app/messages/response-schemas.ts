import type { ApiResponseSchemaHost } from '@nestjs/swagger';

type Schema = ApiResponseSchemaHost['schema'];

const ROWS: Schema = {
  type: 'array',
  items: { type: 'object', properties: { msgId: { type: 'string' }, dest: { type: 'string' }, raw: {} } },
};

/** `SendReceipt`, for the API page. */
export const RECEIPT_SCHEMA: Schema = {
  type: 'object',
  required: ['acceptedMsgs', 'rejectedMsgs', 'skipped', 'raw'],
  properties: {
    jobId: { type: 'string', description: "The gateway's id of the request" },
    total: { type: 'integer', description: 'Recipients that the gateway counted' },
    accepted: { type: 'integer', description: 'Messages that it accepted' },
    rejected: { type: 'integer', description: 'Messages that it rejected' },
    duplicates: { type: 'integer', description: 'Messages that it refused as duplicates (prevDups)' },
    cost: { type: 'number', description: 'What the request cost, in credits' },
    acceptedMsgs: ROWS,
    rejectedMsgs: ROWS,
    skipped: { type: 'integer', description: 'Recipients left out because they repeat another one' },
    raw: { type: 'object', description: 'The whole answer as the gateway sent it' },
  },
};

/** `TextDescription`, for the API page. */
export const TEXT_SCHEMA: Schema = {
  type: 'object',
  required: ['encoding', 'parts', 'units', 'unitsLeft'],
  properties: {
    encoding: { type: 'string', enum: ['GSM-7', 'UCS-2'] },
    parts: { type: 'integer', description: 'Parts that each recipient is billed for', example: 1 },
    units: { type: 'integer', description: 'Units used: 7-bit in GSM-7, 16-bit in UCS-2', example: 17 },
    unitsLeft: { type: 'integer', description: 'Units that still fit in the last part', example: 143 },
  },
};
