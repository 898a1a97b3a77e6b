import { AsGiven, BooleanFromText, WholeNumberFromText } from './coerce.js';
import { MAX_DESTS } from './destinations.js';
import { IsDestinations, IsSendableText, IsWholeNumber, MAX_INT } from './field-rules.js';
import { text, wholeNumber, type OpenApiFields } from './openapi-fields.js';
import { IsBoolean, IsIn, IsOptional } from './validation-rules.js';

/** The classes of messages that the gateway routes by. @see OurSMS HTTP API, "1. Send Message": `msgClass` */
export const MESSAGE_CLASSES = ['transactional', 'promotional'] as const;

/** Class of a message, which the gateway routes by. @see OurSMS HTTP API, "1. Send Message": `msgClass` */
export type MessageClass = (typeof MESSAGE_CLASSES)[number];

/**
 * A message with every parameter of the API, by its own name. Unset fields are not sent.
 *
 * Your controllers can use it as it is, behind a `ValidationPipe`.
 *
 * @see OurSMS HTTP API, "1. Send Message"
 */
export class SendMessageDto {
  /** The sender name or number that the receiver sees. It must be registered with the provider. */
  @AsGiven()
  @IsSendableText()
  src!: string;

  /**
   * The recipients: an array, or a string separated by commas. 1 to 500 once duplicates are removed, in any spelling that
   * `normalizeNumber` reads.
   */
  @AsGiven()
  @IsDestinations()
  dests!: readonly string[] | string;

  /** The text, in any language. The gateway chooses the encoding. */
  @AsGiven()
  @IsSendableText()
  body!: string;

  /** 1 (highest) to 4. 0, the gateway's default, lets the gateway choose. */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(0, 4)
  priority?: number;

  /** Minutes to hold the message before it is sent. The gateway's default is 0: at once. */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(0)
  delay?: number;

  /**
   * Minutes within which the message must be sent; after that it is marked as expired. The gateway's default is 0: as long
   * as its system allows.
   */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(0)
  validity?: number;

  /**
   * Maximum number of parts of the text; a longer message is cancelled, not cut. The gateway's default is 0: no limit. The
   * document has it in its examples only; its meaning is known from public integrations.
   */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(0)
  maxParts?: number;

  /** Whether a delivery report is wanted, if the route supports it. The gateway's default is no. */
  @IsOptional()
  @BooleanFromText()
  @IsBoolean({ message: '$property must be true or false' })
  dlr?: boolean;

  /**
   * Minutes to look back for an identical message that has been sent; if there is one, this one is rejected. The gateway's
   * default is 0: no check.
   */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(0)
  prevDups?: number;

  /**
   * The class to route by. Leave it out unless the provider told you to set it: some accounts are refused with code 6208
   * when it is set.
   */
  @IsOptional()
  @AsGiven()
  @IsIn(MESSAGE_CLASSES, { message: `$property must be ${MESSAGE_CLASSES.join(' or ')}` })
  msgClass?: MessageClass;

  /** Schema of the fields for @nestjs/swagger, inherited by derived and mapped classes. Its own CLI plugin writes the same. @internal */
  static _OPENAPI_METADATA_FACTORY(): OpenApiFields {
    return MESSAGE_FIELDS();
  }
}

const minutes = (description: string): OpenApiFields[string] =>
  wholeNumber({ description, minimum: 0, maximum: MAX_INT, default: 0 });

const MESSAGE_FIELDS = (): OpenApiFields => ({
  src: text({ description: 'The sender that the receiver sees, registered with the provider.', example: 'MyBrand' }),
  dests: {
    required: true,
    description: `The recipients, 1 to ${MAX_DESTS}, in any common spelling: an array, or a string separated by commas.`,
    oneOf: [{ type: 'array', items: { type: 'string' }, minItems: 1 }, { type: 'string' }],
    example: ['0501234567', '٠٥٠٧٦٥٤٣٢١'],
  },
  body: text({ description: 'The text, in any language.', example: 'رمز الدخول إلى متجرك: 4321' }),
  priority: wholeNumber({
    description: '1 (highest) to 4. 0 lets the gateway choose.',
    ...{ minimum: 0, maximum: 4, default: 0 },
  }),
  delay: minutes('Minutes to hold the message before it is sent.'),
  validity: minutes('Minutes within which the message must be sent; after that it expires. 0: no limit.'),
  maxParts: minutes('The most parts the text may take; a longer message is refused. 0: no limit.'),
  dlr: { required: false, type: 'boolean', description: 'Whether a delivery report is wanted.', default: false },
  prevDups: minutes(
    'Minutes to look back for an identical message; if there is one, this one is rejected. 0: no check.',
  ),
  msgClass: {
    required: false,
    enum: [...MESSAGE_CLASSES],
    description: 'The class to route by. Leave it out unless the provider told you to set it.',
  },
});

/** A message as `OurSmsService.send` takes it: `src` is optional if `defaults.src` of the options is set. */
export type MessageToSend = Omit<SendMessageDto, 'src'> & Partial<Pick<SendMessageDto, 'src'>>;

/** The parameters of a message, in the document's order. @see OurSMS HTTP API, "1. Send Message" */
export const MESSAGE_PARAMETERS = [
  'src',
  'dests',
  'body',
  'priority',
  'delay',
  'validity',
  'maxParts',
  'dlr',
  'prevDups',
  'msgClass',
] as const satisfies readonly (keyof SendMessageDto)[];
