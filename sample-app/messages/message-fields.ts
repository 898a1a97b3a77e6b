import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { MESSAGE_CLASSES, SendMessageDto } from 'nestjs-oursms';

const minutes = (description: string): ApiPropertyOptions => ({
  description: `${description} In minutes; 0 is the gateway's default.`,
  type: 'integer',
  minimum: 0,
  required: false,
});

/** What the API page says about each field of `SendMessageDto`, which itself knows nothing of Swagger. */
const FIELDS: Record<keyof SendMessageDto, ApiPropertyOptions> = {
  src: { description: 'The sender that the receiver sees, registered with the provider.', example: 'MyBrand' },
  dests: {
    description: 'Recipients in any common spelling: an array, or a string separated by commas. 1 to 500.',
    type: 'array',
    items: { type: 'string' },
    example: ['0501234567'],
  },
  body: { description: 'The text, in any language.', example: 'Your code is 4321' },
  priority: {
    description: '1 (highest) to 4; 0 lets the gateway choose.',
    type: 'integer',
    minimum: 0,
    maximum: 4,
    required: false,
  },
  delay: minutes('How long to hold the message before it is sent.'),
  validity: minutes('Within which time the message must be sent; after that it expires.'),
  maxParts: {
    description: 'The most parts the text may take; a longer message is cancelled. 0: no limit.',
    type: 'integer',
    minimum: 0,
    required: false,
  },
  dlr: { description: 'Whether a delivery report is wanted.', type: 'boolean', required: false, example: true },
  prevDups: minutes('How far to look back for an identical message; if there is one, this one is rejected.'),
  msgClass: {
    description: 'The class to route by. Leave it out unless the provider told you to set it.',
    enum: [...MESSAGE_CLASSES],
    required: false,
  },
};

/** Messages to try on the API page. Without them it would fill in every optional field. */
export const MESSAGE_EXAMPLES = {
  English: { value: { src: 'MyBrand', dests: ['0501234567'], body: 'Your code is 4321', dlr: true } },
  Arabic: { value: { src: 'MyBrand', dests: ['٠٥٠١٢٣٤٥٦٧'], body: 'رمز التحقق هو 4321', dlr: true } },
};

/** Writes the table into the metadata that the API page is made from. */
export function describeMessageFields(): void {
  for (const [field, options] of Object.entries(FIELDS)) ApiProperty(options)(SendMessageDto.prototype, field);
}
