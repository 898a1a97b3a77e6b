import type { ApiResponseSchemaHost } from '@nestjs/swagger';
import { ESTIMATE_SCHEMA } from '../messages/response-schemas.js';

type Schema = ApiResponseSchemaHost['schema'];
type Properties = Record<string, Schema>;

const { text, credits, sufficient, advice } = (ESTIMATE_SCHEMA as { properties: Properties }).properties;

const number = (description: string, example = 0): Schema => ({ type: 'integer', description, example });

const SOURCE: Properties = {
  numberColumn: {
    type: 'string',
    description: 'The column that the numbers come from; absent when each cell is a number of its own',
    example: 'mobile',
  },
  headerLine: number('The line that was read as the names of the columns; absent when none was', 1),
};

/** `StoredList`, for the API page. */
export const LIST_SCHEMA: Schema = {
  type: 'object',
  properties: {
    list: { type: 'string', format: 'uuid', description: 'The id of the list: check and start take it' },
    recipients: number('Recipients in it, whatever their numbers', 1000),
    fields: { type: 'array', items: { type: 'string' }, description: 'What a text can have in braces' },
    hasHeader: { type: 'boolean', description: 'Whether the first line names them' },
    ...SOURCE,
  },
};

/** `CampaignCheck`, for the API page. */
export const CHECK_SCHEMA: Schema = {
  type: 'object',
  properties: {
    ...SOURCE,
    total: number('Recipients of the list', 1000),
    valid: number('Different numbers that will get a message', 990),
    invalid: number('No numbers, or without a field that the text takes', 4),
    duplicate: number('Numbers that stand in the list before', 6),
    faults: {
      type: 'array',
      description: 'The first invalid ones',
      items: {
        type: 'object',
        properties: {
          line: { type: 'integer' },
          dest: { type: 'string', description: 'As it is written; masked when it is long enough for a number' },
          reason: { type: 'string' },
        },
      },
    },
    unknownFields: {
      type: 'array',
      items: { type: 'string' },
      description: 'Fields in the text that no column of the list has',
    },
    parts: number('Parts of all messages: credits, at the usual price of one each', 990),
    partsEach: { type: 'object', properties: { least: { type: 'integer' }, most: { type: 'integer' } } },
    unicode: number('Messages that travel in 16-bit units'),
    unicodeFields: { type: 'object', description: 'How many of them only because of a field, by its name' },
    requests: number('Requests to the gateway', 2),
    example: { type: 'object', properties: { dest: { type: 'string' }, text: { type: 'string' } } },
    ...{ text: text as Schema, credits: credits as Schema, sufficient: sufficient as Schema, advice: advice as Schema },
  },
};

const FATES = [
  ...['sent', 'delivered', 'undelivered', 'noReportYet', 'missing'],
  ...['rejected', 'unknown', 'notSent', 'invalid', 'duplicate'],
];

const PROGRESS: Properties = {
  id: { type: 'string', example: 'eid-2026' },
  account: { type: 'string', example: 'default' },
  state: { type: 'string', enum: ['running', 'paused', 'done', 'cancelled', 'lost'] },
  reason: {
    type: 'string',
    description: 'Why it is paused',
    enum: ['user', 'credits', 'auth', 'sender', 'quietHours', 'gateway'],
  },
  resumesAt: {
    type: 'string',
    format: 'date-time',
    description: 'Paused for the gateway: when it is tried again at the earliest',
  },
  total: number('All recipients that were given', 1000),
  pending: number('Not sent yet'),
  sent: number('Accepted by the gateway', 990),
  rejected: number('Rejected by the gateway'),
  invalid: number('No numbers, or without a field that the text takes', 4),
  duplicate: number('Numbers that were given before', 6),
  notSent: number('Certainly not sent'),
  unknown: number('They may have been sent'),
  delivered: number('Of those that were sent: delivered. Absent, as are the next three, without delivery reports', 940),
  undelivered: number('Of those that were sent: not delivered', 30),
  noReportYet: number('Of those that were sent: no final report has come yet', 15),
  missing: number('Of those that were sent: their final report is overdue', 5),
  parts: number('Parts that all of its messages take', 990),
  perSecond: { type: 'number', description: 'Recipients a second' },
  leftMs: { type: 'integer', description: 'Milliseconds that are left at this speed; absent while that is not known' },
  startedAt: { type: 'string', format: 'date-time', description: 'When it was started' },
  finishedAt: { type: 'string', format: 'date-time', description: 'When it was done or cancelled' },
};

const DELIVERIES: Schema = {
  type: 'object',
  description: 'Its final reports over time, as this application has counted them; absent in a list',
  properties: {
    from: { type: 'string', format: 'date-time', description: 'When the first column begins' },
    stepMs: number('Milliseconds of a column', 1_000),
    columns: {
      type: 'array',
      items: { type: 'object', properties: { delivered: number('Delivered'), undelivered: number('Not delivered') } },
    },
  },
};

/** `CampaignView`, for the API page. */
export const CAMPAIGN_SCHEMA: Schema = { type: 'object', properties: { ...PROGRESS, deliveries: DELIVERIES } };

/** `StartedCampaign`, for the API page. */
export const STARTED_SCHEMA: Schema = {
  type: 'object',
  properties: {
    ...PROGRESS,
    isNew: { type: 'boolean', description: 'false: there is one of this id already, which goes on as it is' },
  },
};

/** `ShownInputs`, for the API page. */
export const INPUTS_SCHEMA: Schema = {
  type: 'object',
  properties: {
    inputs: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          dest: { type: 'string', description: 'The number, masked', example: '9665******67' },
          fate: { type: 'string', enum: FATES },
          reason: { type: 'string', description: 'Why, when there is something to say' },
        },
      },
    },
    hasMore: { type: 'boolean', description: 'Whether there are more than these' },
  },
};
