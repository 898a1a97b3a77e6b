/** OpenAPI description of a field: a part of the schema, `required` and the type. */
type OpenApiField = Record<string, unknown> & { required: boolean };

/** OpenAPI description of the fields of a class, in the form that @nestjs/swagger reads from `_OPENAPI_METADATA_FACTORY`. */
export type OpenApiFields = Record<string, OpenApiField>;

interface NumberField {
  description: string;
  minimum: number;
  maximum: number;
  default: number;
}

/** An optional whole number. */
export const wholeNumber = (field: NumberField): OpenApiField => ({ required: false, type: 'integer', ...field });

/** A required text. */
export const text = (field: { description: string; example: string }): OpenApiField => ({
  required: true,
  type: 'string',
  minLength: 1,
  ...field,
});
