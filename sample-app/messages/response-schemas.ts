import type { ApiResponseSchemaHost } from '@nestjs/swagger';

type Schema = ApiResponseSchemaHost['schema'];

const ROWS: Schema = {
  type: 'array',
  items: {
    type: 'object',
    properties: { msgId: { type: 'string' }, dest: { type: 'string' }, reason: { type: 'string' } },
  },
};

/** `SendReceipt`, for the API page. */
export const RECEIPT_SCHEMA: Schema = {
  type: 'object',
  required: ['acceptedMsgs', 'rejectedMsgs', 'skipped'],
  properties: {
    reference: { type: 'string', description: 'What its delivery report brings back', example: 'order-4711' },
    jobId: { type: 'string', description: "The gateway's id of the request" },
    total: { type: 'integer', description: 'Recipients that the gateway counted' },
    accepted: { type: 'integer', description: 'Messages that it accepted' },
    rejected: { type: 'integer', description: 'Messages that it rejected' },
    duplicates: { type: 'integer', description: 'Messages that it refused as duplicates (prevDups)' },
    cost: { type: 'number', description: 'What the request cost, in credits' },
    acceptedMsgs: ROWS,
    rejectedMsgs: ROWS,
    skipped: { type: 'integer', description: 'Recipients left out because they repeat another one' },
    heldMinutes: { type: 'integer', description: 'Minutes added to delay to keep out of quiet hours' },
  },
};

type Properties = Record<string, Schema>;

const TEXT_PROPERTIES: Properties = {
  encoding: { type: 'string', enum: ['GSM-7', 'UCS-2'] },
  parts: { type: 'integer', description: 'Parts that each recipient is billed for', example: 1 },
  units: { type: 'integer', description: 'Units used: 7-bit in GSM-7, 16-bit in UCS-2', example: 17 },
  unitsLeft: { type: 'integer', description: 'Units that still fit in the last part', example: 143 },
  boundaries: { type: 'array', items: { type: 'integer' }, description: 'Where each part after the first starts' },
  forcing: {
    type: 'array',
    description: 'The characters that force UCS-2',
    items: {
      type: 'object',
      properties: {
        character: { type: 'string' },
        positions: { type: 'array', items: { type: 'integer' } },
        suggestion: { type: 'string', description: 'A cheaper equivalent, if there is one' },
      },
    },
  },
};

const ADVICE: Schema = {
  type: 'array',
  description: 'What may keep the message from arriving',
  items: {
    type: 'object',
    properties: {
      code: { type: 'string', example: 'otpWithoutPurpose' },
      message: { type: 'string', description: 'What may go wrong and what would help' },
      source: { type: 'string', description: 'Where the rule comes from' },
    },
  },
};

/** What a preview says, for the API page. */
export const PREVIEW_SCHEMA: Schema = {
  type: 'object',
  properties: {
    ...TEXT_PROPERTIES,
    advice: ADVICE,
    recipients: { type: 'integer', description: 'Different numbers among the recipients so far', example: 1 },
    simplified: { type: 'string', description: 'The text in cheaper characters' },
    simplifiedText: { type: 'object', properties: TEXT_PROPERTIES },
  },
};

/** `SendEstimate`, for the API page. */
export const ESTIMATE_SCHEMA: Schema = {
  type: 'object',
  properties: {
    recipients: { type: 'integer', description: 'Recipients without duplicates', example: 1 },
    skipped: { type: 'integer', description: 'Recipients left out because they repeat another one', example: 0 },
    text: { type: 'object', properties: TEXT_PROPERTIES },
    parts: { type: 'integer', description: 'Recipients × parts of the text', example: 1 },
    credits: { type: 'number', description: 'The credits at hand', example: 1000 },
    sufficient: { type: 'boolean', description: 'Whether there is a credit for each part' },
    advice: ADVICE,
    heldMinutes: { type: 'integer', description: 'Minutes that quiet hours would add to delay' },
  },
};
